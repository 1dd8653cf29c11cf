"""
What a channel is like: its names, its limits, its errors, and what it makes of activities.
"""
