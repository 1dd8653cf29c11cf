"""
A limits' log that remembers whose entries were asked for.
"""

from connector_async.limits import MemoryStore


class Log(MemoryStore):
    """
    A store like any other.

    Attributes:
        asked: The keys of each turn that was asked for.
    """

    def __init__(self):
        super().__init__()
        self.asked = []

    async def admit(self, claims, now):
        self.asked.append([claim.key for claim in claims])
        return await super().admit(claims, now)
