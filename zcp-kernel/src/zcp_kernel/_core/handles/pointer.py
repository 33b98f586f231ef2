"""JSON Pointer (RFC 6901)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ...errors import Fault, InvalidParams, NotFound
from .kinds import is_list, is_object

_INDEX = re.compile(r"0|[1-9][0-9]{0,17}")
_BAD_ESCAPE = re.compile(r"~(?![01])")


def resolve(value: Any, pointer: str) -> Any:
    """What `pointer` points at in `value`.

    Raises `InvalidParams` for what is no JSON Pointer, `NotFound` where it points at nothing.
    """
    return follow(value, tokens_of(pointer), pointer)


def follow(value: Any, tokens: Sequence[str], pointer: str) -> Any:
    """What these last tokens of `pointer` point at in `value`. Raises `NotFound`."""
    for token in tokens:
        if is_object(value) and token in value:
            value = value[token]
        elif is_list(value) and (number := index_of(token, len(value))) is not None:
            value = value[number]
        else:
            raise NotFound("pointer", pointer)
    return value


def index_of(token: str, count: int) -> int | None:
    """The number of the item that `token` names in a list of `count`, None if it names none."""
    return int(token) if _INDEX.fullmatch(token) and int(token) < count else None


def escape(token: str) -> str:
    """One reference token, to stand after a `/`."""
    return token.replace("~", "~0").replace("/", "~1")


def tokens_of(pointer: str) -> list[str]:
    """Its reference tokens, unescaped. Raises `InvalidParams` for what is no JSON Pointer."""
    if not pointer:
        return []
    if not pointer.startswith("/") or _BAD_ESCAPE.search(pointer):
        message = 'must be empty or begin with "/", with "~" only in "~0" and "~1" (RFC 6901)'
        raise InvalidParams(f"invalid: pointer {message}", [Fault("pointer", "pointer", message)])
    tokens = pointer[1:].split("/")
    return [token.replace("~1", "/").replace("~0", "~") for token in tokens]
