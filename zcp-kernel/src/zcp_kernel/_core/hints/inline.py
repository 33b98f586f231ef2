"""Tidying `$defs`: a definition used once stands where it is used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]
_PREFIX = "#/$defs/"


def assembled(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """`schema` with the definitions it needs: inlined where used once and not recursive, under
    `$defs` otherwise."""
    uses = Counter(_references(schema))
    for held in definitions.values():
        uses.update(_references(held))
    once = {
        name
        for name in definitions
        if uses[name] == 1 and name not in _reachable(name, definitions)
    }
    kept = {name: _inlined(held, definitions, once) for name, held in definitions.items()}
    left = {name: held for name, held in kept.items() if name not in once and uses[name]}
    tidy = _inlined(schema, definitions, once)
    return {**tidy, "$defs": left} if left else tidy


def _inlined(item: Any, definitions: dict[str, Schema], once: set[str]) -> Any:
    if isinstance(item, list):
        return [_inlined(part, definitions, once) for part in _as_list(item)]
    if not isinstance(item, dict):
        return item
    tidy: Schema = {key: _inlined(part, definitions, once) for key, part in _as_dict(item).items()}
    name = _name_of(tidy)
    if name is None or name not in once:
        return tidy
    own = {key: part for key, part in tidy.items() if key != "$ref"}
    return {**_inlined(definitions[name], definitions, once), **own}


def _references(item: Any) -> Iterator[str]:
    if isinstance(item, list):
        for part in _as_list(item):
            yield from _references(part)
    elif isinstance(item, dict):
        name = _name_of(_as_dict(item))
        if name is not None:
            yield name
        for part in _as_dict(item).values():
            yield from _references(part)


def _reachable(start: str, definitions: dict[str, Schema]) -> set[str]:
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = set(_references(definitions.get(waiting.pop(), {}))) - found
        found |= new
        waiting.extend(new)
    return found


def _name_of(item: Schema) -> str | None:
    reference = item.get("$ref")
    if isinstance(reference, str) and reference.startswith(_PREFIX):
        return reference.removeprefix(_PREFIX)
    return None


def _as_list(item: Any) -> list[Any]:
    return list(item)


def _as_dict(item: Any) -> Schema:
    return dict(item)
