"""
Reading a page of 500 members.
"""

from __future__ import annotations

from material import MEMBERS_PAGE
from timing import job, microseconds, tell

from connector_async import ChannelAccount, from_json

job()
(decode,) = microseconds(lambda: from_json(list[ChannelAccount], MEMBERS_PAGE))
tell(decode=decode)
