"""
A bot that greets.
"""

import asyncio
from collections.abc import Iterable

from connector_async import Activity, ConnectorClient, ConnectorError


async def greet(connector: ConnectorClient, conversation_id: str) -> None:
    """
    Say hello in a conversation.
    """
    await connector.send_to_conversation(conversation_id, Activity.message("hello"))


async def greet_all(
    connector: ConnectorClient, conversation_ids: Iterable[str]
) -> dict[str, ConnectorError]:
    """
    Say hello everywhere, patiently, and at most once.

    Returns:
        Where surely nobody was greeted, and why; a failure there does not end the others.
    """
    patient = connector.with_options(deadline=600)
    failed: dict[str, ConnectorError] = {}

    async def greet_one(conversation_id: str) -> None:
        try:
            await greet(patient, conversation_id)
        except ConnectorError as error:
            # What may have arrived is left so: a greeting is not worth a second one.
            if not error.may_have_happened:
                failed[conversation_id] = error

    async with asyncio.TaskGroup() as group:
        for conversation_id in conversation_ids:
            group.create_task(greet_one(conversation_id))
    return failed
