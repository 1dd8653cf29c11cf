"""
A bot that greets.
"""

import asyncio
from collections.abc import Iterable

from connector_async import Activity, ConnectorClient, ConnectorError, DeliveryUnknownError


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
        Where nobody was greeted, and why; a failure there does not end the others.
    """
    patient = connector.with_options(deadline=600)
    failed: dict[str, ConnectorError] = {}

    async def greet_one(conversation_id: str) -> None:
        try:
            await greet(patient, conversation_id)
        except DeliveryUnknownError:
            # It may have arrived; a greeting is not worth a second one.
            pass
        except ConnectorError as error:
            failed[conversation_id] = error

    async with asyncio.TaskGroup() as group:
        for conversation_id in conversation_ids:
            group.create_task(greet_one(conversation_id))
    return failed
