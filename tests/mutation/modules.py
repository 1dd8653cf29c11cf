"""
The modules that are mutated, and which tests are to notice.
"""

from pathlib import Path

import attrs

ROOT = Path(__file__).parents[2]

TESTED_BY = {
    "connector_async._paging": ["tests/test_paging.py"],
    "connector_async._retry_after": ["tests/test_retry_after.py"],
    "connector_async.service_url": [
        "tests/test_service_url.py",
        "tests/test_cloud.py",
        "tests/test_bad_options.py",
    ],
    "connector_async._pipeline.check": ["tests/pipeline/test_check.py", "tests/test_discretion.py"],
    "connector_async._pipeline.lane": ["tests/pipeline/test_lane.py"],
    "connector_async._pipeline.retry": [
        "tests/pipeline/test_retry.py",
        "tests/pipeline/test_retry_policy.py",
        "tests/test_bad_options.py",
    ],
    "connector_async._pipeline.limit": [
        "tests/pipeline/test_limit.py",
        "tests/limits/test_tenant_line.py",
        "tests/promises/test_limits_held_up.py",
        "tests/promises/test_limits_split.py",
    ],
    "connector_async.limits.quota": ["tests/limits/test_quota.py", "tests/limits/test_policy.py"],
    "connector_async.limits.memory": [
        "tests/limits/test_memory.py",
        "tests/limits/test_memory_edges.py",
        "tests/limits/test_memory_machine.py",
    ],
    "connector_async.auth.tokens": [
        "tests/auth/test_tokens.py",
        "tests/auth/test_token_cache.py",
        "tests/auth/test_token_renewal.py",
        "tests/auth/test_credentials.py",
    ],
}


@attrs.frozen(kw_only=True)
class Mutant:
    """
    A change to a module.

    Attributes:
        module: Its name.
        function: Where in it; empty outside of classes and functions.
        line: What stands there, as one line.
        becomes: What stands there instead.
        source: The whole of the module with it.
    """

    module: str
    function: str
    line: str
    becomes: str
    source: str = attrs.field(repr=False)

    @property
    def key(self):
        return self.module, self.function, self.line, self.becomes


def unchanged(module):
    """
    A mutant that is none.
    """
    source = source_path(module).read_text()
    return Mutant(module=module, function="", line="", becomes="", source=source)


def source_path(module):
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")
