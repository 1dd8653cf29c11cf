"""
What the scoreboard's rows have in common.
"""

import logging

import pytest


@pytest.fixture(autouse=True)
def quiet():
    """
    Millions of calls would fill the memory with what they log.
    """
    logger = logging.getLogger("connector_async")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    yield
    logger.setLevel(before)


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    """
    What the machine's environment says of proxies does not matter.
    """
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
