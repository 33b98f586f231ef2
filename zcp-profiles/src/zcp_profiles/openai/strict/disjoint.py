"""Whether the branches of a `oneOf` exclude each other anyway."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import Any

from zcp_kernel.jsontext import is_list, is_object

from .nodes import Schema
from .scalars import enum_type


def disjoint(branches: Iterable[Any]) -> bool:
    """Whether no value can fit two branches: they are of different types, or a property they all
    require has another fixed value in each."""
    schemas: list[Schema] = [branch if is_object(branch) else {} for branch in branches]
    return all(_apart(one, other) for one, other in itertools.combinations(schemas, 2))


def _apart(one: Schema, other: Schema) -> bool:
    kinds = [_kinds(each) for each in (one, other)]
    if all(kinds) and not kinds[0] & kinds[1]:
        return not ({"integer", "number"} <= kinds[0] | kinds[1])
    fixed = [_fixed(each) for each in (one, other)]
    return any(
        not any(value in fixed[1][name] for value in fixed[0][name])
        for name in fixed[0].keys() & fixed[1].keys()
    )


def _kinds(schema: Schema) -> set[str]:
    kind = schema.get("type")
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        kinds = {enum_type(value) for value in values}
        return set() if None in kinds else {str(kind) for kind in kinds}
    return set(kind) if is_list(kind) else {kind} if isinstance(kind, str) else set()


def _fixed(schema: Schema) -> dict[str, list[Any]]:
    """Required properties with fixed values; the empty name stands for the value itself."""
    found: dict[str, list[Any]] = {}
    for name, item in {"": schema, **schema.get("properties", {})}.items():
        if is_object(item) and (not name or name in schema.get("required", ())):
            if "const" in item:
                found[name] = [item["const"]]
            elif "enum" in item:
                found[name] = item["enum"]
    return found
