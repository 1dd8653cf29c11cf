import pytest

from connector_async.models import split_channel_id, thread_root


@pytest.mark.parametrize(
    ("channel_id", "expected"),
    [
        ("msteams", ("msteams", None)),
        ("msteams:COPILOT", ("msteams", "COPILOT")),
        ("msteams:a:b", ("msteams", "a:b")),
        ("msteams:", ("msteams", "")),
    ],
)
def test_splits_channel_ids(channel_id, expected):
    """
    A channel's sub-channel follows the first colon.
    """
    assert expected == split_channel_id(channel_id)


@pytest.mark.parametrize(
    ("conversation_id", "expected"),
    [
        ("19:abc@thread.tacv2;messageid=1712", "19:abc@thread.tacv2"),
        ("19:abc@thread.tacv2", "19:abc@thread.tacv2"),
        ("a:1x;other=2", "a:1x;other=2"),
    ],
)
def test_finds_the_root_of_a_thread(conversation_id, expected):
    """
    A reply chain's id is its channel's id and the message's.
    """
    assert expected == thread_root(conversation_id)
