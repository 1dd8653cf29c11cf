"""
Who issues tokens, who takes them, and how they are refused.
"""
