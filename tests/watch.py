"""
A transport and a credential that see whether they are used.
"""

import httpx

from connector_async import TokenCallable


class Watch:
    """
    Sees every request that is sent, and every token that is fetched.
    """

    def __init__(self):
        self.requests = []
        self.tokens = 0
        self.transport = httpx.MockTransport(self._answer)
        self.credential = TokenCallable(self._fetch, app_id="my-bot")

    def _answer(self, request):
        self.requests.append(request)
        return httpx.Response(200, json={})

    async def _fetch(self):
        self.tokens += 1
        return "abc", 3600
