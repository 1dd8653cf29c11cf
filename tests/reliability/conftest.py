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
