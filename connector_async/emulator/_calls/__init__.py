"""
A call, from the request as it arrived to what comes of it: who may ask, for what, and saying what.
"""
