"""JSON Pointer (RFC 6901)."""

from __future__ import annotations

import re
from typing import Any

from ...errors import Fault, InvalidParams, NotFound
from .kinds import is_list, is_object

_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")
_BAD_ESCAPE = re.compile(r"~(?![01])")


def resolve(value: Any, pointer: str) -> Any:
    """What `pointer` points at in `value`.

    Raises `InvalidParams` for what is no JSON Pointer, `NotFound` where it points at nothing.
    """
    for token in _tokens(pointer):
        if is_object(value) and token in value:
            value = value[token]
        elif is_list(value) and _INDEX.fullmatch(token) and int(token) < len(value):
            value = value[int(token)]
        else:
            raise NotFound("pointer", pointer)
    return value


def escape(token: str) -> str:
    """One reference token, to stand after a `/`."""
    return token.replace("~", "~0").replace("/", "~1")


def _tokens(pointer: str) -> list[str]:
    if not pointer:
        return []
    if not pointer.startswith("/") or _BAD_ESCAPE.search(pointer):
        message = 'must be empty or begin with "/", with "~" only in "~0" and "~1" (RFC 6901)'
        raise InvalidParams(f"invalid: pointer {message}", [Fault("pointer", "pointer", message)])
    tokens = pointer[1:].split("/")
    return [token.replace("~1", "/").replace("~0", "~") for token in tokens]
