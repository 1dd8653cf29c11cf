"""
What is written down of what clients did, and what can be said of it.
"""
