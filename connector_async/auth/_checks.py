"""
What a credential is checked for when it is made, before anything is sent.
"""

from __future__ import annotations

import os
import re
from typing import Any, Final

import attrs

from connector_async.auth._thread import is_async

_WHO: Final = ("app_id", "secret")

# App-only tokens are of one tenant; these words mean "that of the user".
_NOT_ONE_TENANT: Final = ("common", "organizations", "consumers")

_THUMBPRINT: Final = re.compile(r"[0-9A-Fa-f]{40}")


def _is_filled(name: str, value: str) -> None:
    if not value.strip():
        # Often an environment variable that is not set.
        hint = ": for no authentication pass credential=None" if name in _WHO else ""
        raise ValueError(f"{name} is empty{hint}")


def is_id(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{attribute.name} is a str, not {type(value).__name__}")
    _is_filled(attribute.name, value)


def is_path(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str | os.PathLike):
        raise TypeError(f"{attribute.name} is a path, not {type(value).__name__}")
    _is_filled(attribute.name, str(value))  # pyright: ignore[reportUnknownArgumentType]: a path of anything


def is_callable(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if not callable(value):
        raise TypeError(f"{attribute.name} is a callable, not {type(value).__name__}")


def is_blocking(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    is_callable(_, attribute, value)
    if is_async(value):
        raise TypeError(f"{attribute.name} is called in a worker thread: it cannot be async")


def is_source(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if isinstance(value, str):
        _is_filled(attribute.name, value)
    else:
        is_blocking(_, attribute, value)


def is_tenant(_: object, __: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str):
        raise TypeError(f"tenant_id is a str, not {type(value).__name__}")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", value):
        raise ValueError(f"tenant_id is an id or a domain, not {value!r}")
    if value.lower() in _NOT_ONE_TENANT:
        raise ValueError(f"tenant_id is one tenant, not {value!r}")


def is_thumbprint(_: object, __: attrs.Attribute[Any], value: object) -> None:
    if not isinstance(value, str) or not _THUMBPRINT.fullmatch(value):
        raise ValueError("thumbprint is the certificate's SHA-1, 40 hexadecimal digits")
