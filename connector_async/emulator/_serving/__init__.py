"""
The emulator on a port: the server, its app, and how another process steers it.
"""
