"""
Writing and reading the activity, against orjson on plain dicts.
"""

from __future__ import annotations

import orjson
from material import ACTIVITY, compact
from timing import job, microseconds, tell

from connector_async import Activity, from_json, from_plain, to_json

job()
data = compact(ACTIVITY)
activity = from_plain(Activity, ACTIVITY)
encode, encode_bare, decode, decode_bare = microseconds(
    lambda: to_json(activity),
    lambda: orjson.dumps(ACTIVITY),
    lambda: from_json(Activity, data),
    lambda: orjson.loads(data),
)
tell(encode=encode, encode_bare=encode_bare, decode=decode, decode_bare=decode_bare)
