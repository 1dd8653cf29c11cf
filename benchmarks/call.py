"""
What a call costs: CPU per send, all promises on, over a transport that answers at once.

So this is the client alone, with httpx's objects but without a socket. Each
figure is the median of several rounds, with the lowest and the highest beside
it. The limits are looked at for each call, and set so that they never bind.

    python benchmarks/call.py [--calls 5000] [--rounds 5]
"""

from __future__ import annotations

import argparse
import asyncio
import platform
import statistics
import time

import httpx

from connector_async import Activity, Attachment, ConnectorClient, Limits, TokenCallable
from connector_async.limits import windows

HIGH = windows((10**9, 1), (10**9, 2), (10**9, 30), (10**9, 3600))
LIMITS = Limits(send=HIGH, tenant=windows((10**9, 1)))
CONVERSATIONS = 100

MESSAGE = Activity.message(
    "A line of text, as long as a line of text is in a chat. " * 8,
    attachments=[
        Attachment.adaptive_card(
            {
                "type": "AdaptiveCard",
                "version": "1.5",
                "body": [{"type": "TextBlock", "text": f"Row {row}"} for row in range(40)],
            }
        )
    ],
    channel_data={"tenant": {"id": "11111111-2222-3333-4444-555555555555"}},
)


class Echo(httpx.AsyncBaseTransport):
    """
    A service that takes no time.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(201, content=b'{"id":"1728640934763"}', request=request)


async def one_round(connector: ConnectorClient, calls: int, in_flight: int) -> float:
    """
    CPU seconds for so many calls, so many at a time.
    """
    numbers = iter(range(calls))

    async def work() -> None:
        for number in numbers:
            await connector.send_to_conversation(f"19:{number % CONVERSATIONS}", MESSAGE)

    begun = time.process_time()
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(work())
    return time.process_time() - begun


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=5_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()

    async with ConnectorClient(
        TokenCallable(lambda: ("token", 3600)), transport=Echo(), limits=LIMITS
    ) as connector:
        await one_round(connector, options.calls, 1)
        print(
            f"Python {platform.python_version()}, {platform.machine()}, httpx {httpx.__version__}"
        )
        print("| in flight | µs of CPU a call | lowest | highest |\n|---:|---:|---:|---:|")
        for in_flight in (1, 10, 100, 1_000):
            costs = [
                await one_round(connector, options.calls, in_flight) / options.calls * 1e6
                for _ in range(options.rounds)
            ]
            print(
                f"| {in_flight:,} | {statistics.median(costs):.0f} "
                f"| {min(costs):.0f} | {max(costs):.0f} |"
            )


if __name__ == "__main__":
    asyncio.run(main())
