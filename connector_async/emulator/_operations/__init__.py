"""
The fifteen operations: what they do to the state, and what they answer.
"""
