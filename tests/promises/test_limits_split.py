"""
Promise 2 where the service makes two messages of one: it counts them both.
"""

import asyncio

from connector_async import Activity, Attachment
from connector_async.testing.kit import new_connector, new_emulator

BOTH = Activity.message("hello", attachments=[Attachment.adaptive_card({"type": "AdaptiveCard"})])


async def test_text_with_a_card():
    """
    However many texts with cards are sent at once, Teams need not refuse one.
    """
    emulator = new_emulator()
    chats = [emulator.add_conversation(members=2, tenant_id="t") for _ in range(10)]

    async with new_connector(emulator, deadline=None) as connector:
        await asyncio.gather(
            *(connector.send_to_conversation(chat, BOTH) for chat in chats for _ in range(8))
        )

    assert 80 == len(emulator.record.received())
    assert [] == emulator.record.over_limit()
