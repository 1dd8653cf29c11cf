"""
An asyncio client for the Microsoft Bot Connector REST API.
"""

__version__ = "0.1.0"
