"""
Ids that are made of parts. The whole id is what goes to the service.
"""


def split_channel_id(channel_id: str) -> tuple[str, str | None]:
    """
    Split a `channelId` into the channel and its sub-channel.

    `msteams:COPILOT` is `("msteams", "COPILOT")`; without a colon the
    sub-channel is None.
    """
    channel, colon, sub_channel = channel_id.partition(":")
    return channel, sub_channel if colon else None


def thread_root(conversation_id: str) -> str:
    """
    Find the Teams channel that a reply chain is part of.

    `19:…@thread.tacv2;messageid=1712…` is the chain under one message of
    `19:…@thread.tacv2`. Other ids are their own root.
    """
    return conversation_id.partition(";messageid=")[0]
