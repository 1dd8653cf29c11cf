"""
The console, as a browser is given it: its page, and what the page asks for.
"""
