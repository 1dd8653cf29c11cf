"""
What limits do to a naive loop, and what this library does about them, as one picture.

Both send 300 messages to six conversations of the service in a box: first with httpx
alone, then with `ConnectorClient`. What is drawn is the emulator's own record. It runs in
virtual time, so that it takes no longer than its work.

    python examples/timeline.py [FILE]
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import attrs
import httpx

from connector_async import Activity, ConnectorClient, Limits
from connector_async.emulator import Emulator, EmulatorClock
from connector_async.testing import VirtualClock, run_virtual

MESSAGES = 300
CONVERSATIONS = [f"19:conversation-{number}@thread.tacv2" for number in range(6)]
EACH = MESSAGES // len(CONVERSATIONS)

# On the way there and back.
LATENCY_SECONDS = 0.08

SERVICE_URL = "http://localhost/teams"


class FarAway(httpx.AsyncBaseTransport):
    """
    The emulator, as far away as the service is.
    """

    def __init__(self, emulator: Emulator) -> None:
        self._near = emulator.transport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(LATENCY_SECONDS / 2)
        response = await self._near.handle_async_request(request)
        await asyncio.sleep(LATENCY_SECONDS / 2)
        return response


@attrs.frozen
class Run:
    """
    What the emulator's record says of one way to send.
    """

    title: str
    seconds: list[tuple[int, int, int]]
    arrived: int
    refused: int
    took: float

    @property
    def verdict(self) -> str:
        lost = MESSAGES - self.arrived
        return (
            f"{self.arrived} of {MESSAGES} arrived, {self.refused} calls refused, "
            f"{lost or 'none'} lost, {self.took:.1f} s"
        )


async def naive(emulator: Emulator) -> None:
    async with httpx.AsyncClient(transport=FarAway(emulator)) as client:

        async def talk(conversation_id: str) -> None:
            url = f"{SERVICE_URL}/v3/conversations/{conversation_id}/activities"
            for number in range(EACH):
                await client.post(url, json={"type": "message", "text": f"message {number}"})

        await asyncio.gather(*map(talk, CONVERSATIONS))


async def careful(emulator: Emulator) -> None:
    async with ConnectorClient(
        None,
        service_url=SERVICE_URL,
        # As they are by default at the service's own hosts.
        limits=Limits(),
        transport=FarAway(emulator),
        clock=VirtualClock(),
    ) as connector:

        async def talk(conversation_id: str) -> None:
            for number in range(EACH):
                message = Activity(type="message", text=f"message {number}")
                await connector.send_to_conversation(conversation_id, message)

        await asyncio.gather(*map(talk, CONVERSATIONS))


def run(title: str, send: Callable[[Emulator], Awaitable[None]]) -> Run:
    async def main() -> Run:
        clock = VirtualClock()
        emulator = Emulator(clock=EmulatorClock.from_functions(clock.monotonic, clock.wall))
        for conversation_id in CONVERSATIONS:
            emulator.add_conversation(conversation_id)
        began = clock.wall()
        await send(emulator)
        record = emulator.record
        return Run(
            title=title,
            seconds=[
                (second - int(began), accepted, refused)
                for second, accepted, refused in record.timeline()
            ],
            arrived=len(record.texts()),
            refused=len(record.refused()),
            took=record.received()[-1].time - record.received()[0].time,
        )

    return run_virtual(main())


# The picture.

WIDTH, PANEL, LEFT, RIGHT, TOP, BOTTOM = 960, 232, 56, 176, 58, 38
HEIGHT = 2 * PANEL + 16
PLOT = PANEL - TOP - BOTTOM

STYLE = """
  text { font: 12px "Segoe UI", -apple-system, "Helvetica Neue", "Liberation Sans", Arial,
         sans-serif; fill: #5e6776; }
  .title { font-size: 15px; font-weight: 600; fill: #1a1e25; }
  .paper { fill: #ffffff; stroke: #e2e5ea; }
  .base { stroke: #cbd0d8; }
  .limit { stroke: #c2273a; stroke-dasharray: 3 3; }
  .accepted { fill: #7d90e6; }
  .refused { fill: #d9822b; }
  @media (prefers-color-scheme: dark) {
    text { fill: #98a2b2; }
    .title { fill: #e7eaef; }
    .paper { fill: #161a20; stroke: #272d36; }
    .base { stroke: #3a424e; }
    .limit { stroke: #ff8a96; }
    .accepted { fill: #6c82e0; }
    .refused { fill: #e0943f; }
  }
"""


def picture(runs: list[Run]) -> str:
    """
    One panel for each run, one above the other, over the same time.
    """
    length = max(second for one in runs for second, _, _ in one.seconds) + 2
    most = max(accepted + refused for one in runs for _, accepted, refused in one.seconds)
    panels = [
        f'<g transform="translate(0 {index * (PANEL + 16)})">{panel(one, length, most)}</g>'
        for index, one in enumerate(runs)
    ]
    words = "; ".join(f"{one.title}: {one.verdict}" for one in runs)
    named = f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{words}"'
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" {named}>',
            f"<style>{STYLE}</style>",
            *panels,
            "</svg>\n",
        ]
    )


def panel(one: Run, length: int, most: int) -> str:
    step = (WIDTH - LEFT - RIGHT) / length
    floor = TOP + PLOT

    def y(calls: float) -> float:
        return floor - calls / (most * 1.08) * PLOT

    drawn = [
        f'<rect class="paper" x="0.5" y="0.5" width="{WIDTH - 1}" height="{PANEL - 1}" rx="10"/>',
        f'<text class="title" x="20" y="30">{one.title}</text>',
        f'<text x="{WIDTH - 20}" y="30" text-anchor="end">{one.verdict}</text>',
        *legend(220),
    ]
    for second, accepted, refused in one.seconds:
        x = LEFT + second * step + 2
        for kind, low, high in [
            ("accepted", 0, accepted),
            ("refused", accepted, accepted + refused),
        ]:
            if high > low:
                drawn.append(
                    f'<rect class="{kind}" x="{x:.1f}" y="{y(high):.1f}" width="{step - 4:.1f}"'
                    f' height="{y(low) - y(high):.1f}" rx="1.5"/>'
                )
    for calls, words in [
        (50, "50 in 1 s, the tenant"),
        (7 * len(CONVERSATIONS), "7 in 1 s, each of six"),
    ]:
        at = round(y(calls)) + 0.5
        drawn += [
            f'<line class="limit" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at}" y2="{at}"/>',
            f'<text x="{WIDTH - RIGHT + 10}" y="{at + 4}">{words}</text>',
            f'<text x="{LEFT - 10}" y="{at + 4}" text-anchor="end">{calls}</text>',
        ]
    drawn.append(f'<line class="base" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{floor}" y2="{floor}"/>')
    drawn += [
        f'<text x="{LEFT + second * step:.1f}" y="{floor + 18}" text-anchor="middle">'
        f"{second} s</text>"
        for second in range(0, length + 1, 2)
    ]
    return "\n".join(drawn)


def legend(x: int) -> list[str]:
    return [
        f'<rect class="{kind}" x="{x + at}" y="20" width="10" height="10" rx="2"/>'
        f'<text x="{x + at + 16}" y="30">{kind} in each second</text>'
        for kind, at in [("accepted", 0), ("refused", 172)]
    ]


def main() -> None:
    file = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_suffix(".svg")
    runs = [run("A loop over httpx", naive), run("ConnectorClient", careful)]
    file.write_text(picture(runs), encoding="utf-8")
    for one in runs:
        print(f"{one.title}: {one.verdict}")
    print(f"wrote {file}")
    sys.exit(runs[1].arrived != MESSAGES or runs[1].refused > 0)


if __name__ == "__main__":
    main()
