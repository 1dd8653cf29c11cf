"""
What goes wrong on purpose, which calls it strikes, and who can ask for it.
"""
