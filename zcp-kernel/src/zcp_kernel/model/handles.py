"""Reading a result that stayed on the server."""

from __future__ import annotations

from typing import Any

from attrs import define

from .base import Described
from .calls import HandleRef
from .catalogue import ListParams


@define(slots=True)
class HandleParams(Described):
    """Parameters of `handles/get`, `handles/count` and `handles/release`."""

    handle: str


@define(slots=True)
class ReadHandleParams(Described):
    """Parameters of `handles/read`.

    `pointer` is a JSON Pointer (RFC 6901); `offset` and `limit` count items of a list, members of
    an object, characters of a string or bytes of a blob; `fields` keeps these members of each item;
    `where` is a list of `{field, op, value}` with op one of eq ne lt le gt ge contains.
    """

    handle: str
    pointer: str | None = None
    offset: int | None = None
    limit: int | None = None
    fields: list[str] | None = None
    where: list[dict[str, Any]] | None = None


@define(slots=True)
class ReadHandleResult(Described):
    """One page: `total` items in all (after `where`), `next_offset` where the next page begins."""

    value: Any
    total: int | None = None
    next_offset: int | None = None


@define(slots=True)
class CountHandleResult(Described):
    count: int


@define(slots=True)
class ListHandlesParams(ListParams):
    pass


@define(slots=True)
class ListHandlesResult(Described):
    handles: list[HandleRef]
    next_cursor: str | None = None


@define(slots=True)
class GetHandleResult(Described):
    handle: HandleRef
