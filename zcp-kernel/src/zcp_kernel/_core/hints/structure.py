"""JSON arguments into the types a handler's hints name."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, Literal, get_args, get_origin

from . import kinds
from .members import members_of

Structure = Callable[[dict[str, Any]], dict[str, Any]]


def structurer(hints: dict[str, Any], rest: Any = None) -> Structure | None:
    """What turns arguments into the types of `hints`; `rest` is the hint of further arguments.

    None when JSON types are all they name. It gives a new dict, and raises `ValidationFailure`
    with every fault where a value cannot be converted.
    """
    wanted = {name: hint for name, hint in hints.items() if needs_structure(hint)}
    if needs_structure(rest):
        others = rest
    elif wanted:
        others = None
    else:
        return None
    from .convert import converted  # brings cattrs in, which most servers can do without

    def structure(arguments: dict[str, Any]) -> dict[str, Any]:
        places = {name: wanted.get(name) if name in hints else others for name in arguments}
        return converted(arguments, {name: hint for name, hint in places.items() if hint})

    return structure


def needs_structure(hint: Any, seen: frozenset[int] = frozenset()) -> bool:
    """Whether a JSON value of this hint is not yet what the hint says."""
    hint = kinds.bare(hint)
    if id(hint) in seen:
        return False
    seen |= {id(hint)}
    origin = get_origin(hint) or hint
    if origin is Literal:
        return any(isinstance(value, Enum) for value in get_args(hint))
    if kinds.is_union(hint) or origin in kinds.ARRAYS or origin in kinds.OBJECTS:
        return any(needs_structure(part, seen) for part in get_args(hint) if part is not ...)
    if isinstance(origin, type) and issubclass(origin, dict):
        return any(needs_structure(member.hint, seen) for member in members_of(origin) or ())
    plain = origin in kinds.SCALARS or origin in (None, type(None), Any, object)
    return not plain
