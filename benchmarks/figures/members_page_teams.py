"""
Reading a page of 500 members, as microsoft-teams-api's client does.
"""

from __future__ import annotations

import httpx
from material import MEMBERS_PAGE
from microsoft_teams.api.models import TeamsChannelAccount
from timing import job, microseconds, tell

job()


def read() -> list[TeamsChannelAccount]:
    # As `conversations.get_members()`: it reads the JSON by the answer's own method.
    answer = httpx.Response(200, content=MEMBERS_PAGE)
    return [TeamsChannelAccount.model_validate(member) for member in answer.json()]


decode, bare_answer = microseconds(read, lambda: httpx.Response(200, content=MEMBERS_PAGE))
tell(decode=decode - bare_answer)
