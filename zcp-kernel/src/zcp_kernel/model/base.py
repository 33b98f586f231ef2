"""What every protocol shape has in common.

A shape is written once, in snake_case and free of any protocol revision. Codecs derive the wire
form: `wire_name` gives a member's name there, and a member a codec does not know is kept in
`extras`, so a gateway passes on what it never understood.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from attrs import define, field

JSON = Any
"""Any JSON value: dict, list, str, int, float, bool or None."""


@define(slots=True)
class Shape:
    """Base of all protocol shapes."""

    extras: dict[str, Any] | None = field(default=None, kw_only=True, repr=False)


@define(slots=True)
class Described(Shape):
    """A shape that may carry `_meta`."""

    meta: dict[str, Any] | None = field(default=None, kw_only=True)


_RENAMED = {"meta": "_meta", "returns": "return"}
"""What Python will not have as a name, or names otherwise."""


@cache
def wire_name(name: str) -> str:
    """The wire name of a model member: `input_schema` -> `inputSchema`, `meta` -> `_meta`."""
    if name in _RENAMED:
        return _RENAMED[name]
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)
