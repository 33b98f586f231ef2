"""What a schema and a value may cost: both are bounded before any library sees them.

The libraries behind the engines recurse natively: a deep enough value ends the process, so depth
is counted here first, but only for schemas that can follow a value down without end.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from attrs import define, field

from ...errors import SchemaRefused
from .values import is_array, is_object
from .walk import IN_PLACE, local_target, subschemas

MAX_SCHEMA_DEPTH = 64
"""Levels of JSON nesting in a schema."""
MAX_SCHEMA_BYTES = 1 << 20
MAX_EXPANSION = 100_000
"""How many schemas one value may have to be held against, `$ref` followed."""
MAX_VALUE_DEPTH = 256
MAX_FAULTS = 100
MANY_NODES = 10_000
"""A value with more members than this gets its first fault named instead of all."""


def plain_schema(schema: Any) -> dict[str, Any] | bool:
    """A copy of `schema` in plain JSON types. Raises `SchemaRefused` when it is no JSON or too
    large."""
    if not isinstance(schema, (dict, bool)):
        raise SchemaRefused(f"a JSON Schema is an object or a boolean, not {type(schema).__name__}")
    copy: dict[str, Any] | bool = _Copier().copy(schema, 1)
    return copy


@define
class _Copier:
    size: int = 0

    def copy(self, item: Any, level: int) -> Any:
        if level > MAX_SCHEMA_DEPTH:
            raise SchemaRefused(f"schema nested deeper than {MAX_SCHEMA_DEPTH} levels")
        if is_object(item):
            self._spend(2)
            return {self._text(key): self.copy(held, level + 1) for key, held in item.items()}
        if is_array(item):
            self._spend(2)
            return [self.copy(held, level + 1) for held in item]
        return self._text(item) if isinstance(item, str) else self._scalar(item)

    def _spend(self, count: int) -> None:
        self.size += count
        if self.size > MAX_SCHEMA_BYTES:
            raise SchemaRefused(f"schema larger than {MAX_SCHEMA_BYTES} bytes")

    def _text(self, item: Any) -> str:
        if not isinstance(item, str):
            raise SchemaRefused(f"member names are strings, found {item!r}")
        try:
            self._spend(len(item.encode()) + 3)
        except UnicodeEncodeError:
            raise SchemaRefused("schema holds a lone surrogate, which is no Unicode") from None
        return str.__str__(item)

    def _scalar(self, item: Any) -> Any:
        self._spend(4)
        if item is None or isinstance(item, bool):
            return item
        if isinstance(item, int):
            self._spend(item.bit_length() // 3)
            return int(item)
        if isinstance(item, float) and math.isfinite(item):
            return float(item)
        raise SchemaRefused(f"schema holds {item!r}, which JSON cannot say")


def survey(root: dict[str, Any] | bool) -> bool:
    """Whether the schema can follow a value down without end (its references form a circle).

    Raises `SchemaRefused` where references lead back to a schema without going into the value, and
    where they multiply until one value would be held against more than `MAX_EXPANSION` schemas.
    """
    tour = _Tour(root)
    tour.start(root)
    in_place = _Tour(root, in_place=True)
    for node in tour.seen:
        in_place.start(node)
    if in_place.circular:
        raise SchemaRefused("$ref leads back to itself, so checking would never end", "$ref")
    return tour.circular or any(map(_unbounded, tour.seen))


def _unbounded(node: dict[str, Any]) -> bool:
    """Whether a keyword here may follow values in ways the tour did not see."""
    reference = node.get("$ref", "#")
    return (
        "$dynamicRef" in node
        or "$recursiveRef" in node
        or node.get("uniqueItems") is True
        or not isinstance(reference, str)
        or not (reference == "#" or reference.startswith("#/"))
    )


@define
class _Tour:
    """Visits every schema under a starting point once, references followed; with `in_place` only
    those that look at the same value. Iterative: chains of references may be long."""

    root: Any
    in_place: bool = False
    circular: bool = False
    seen: list[dict[str, Any]] = field(factory=list[dict[str, Any]])
    _costs: dict[int, int] = field(factory=dict[int, int])

    def start(self, node: Any) -> None:
        if not is_object(node) or id(node) in self._costs:
            return
        stack = [_Visit(node, self._children(node))]
        on_path = {id(node)}
        while stack:
            child = next(stack[-1].children, None)
            if child is None:
                done = stack.pop()
                on_path.discard(id(done.node))
                self._finish(done, stack[-1] if stack else None)
            elif id(child) in self._costs:
                stack[-1].cost += self._costs[id(child)]
            elif id(child) in on_path:
                self.circular = True
            else:
                on_path.add(id(child))
                stack.append(_Visit(child, self._children(child)))

    def _finish(self, visit: _Visit, parent: _Visit | None) -> None:
        self.seen.append(visit.node)
        self._costs[id(visit.node)] = visit.cost
        if self.in_place and visit.cost > MAX_EXPANSION:
            raise SchemaRefused(
                f"references multiply to more than {MAX_EXPANSION} schemas for one value", "$ref"
            )
        if parent is not None:
            parent.cost += visit.cost

    def _children(self, node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for keyword, child in subschemas(node):
            if is_object(child) and (keyword in IN_PLACE or not self.in_place):
                yield child
        target = local_target(self.root, node.get("$ref"))
        if is_object(target):
            yield target


@define
class _Visit:
    node: dict[str, Any]
    children: Iterator[dict[str, Any]]
    cost: int = 1


def too_deep(value: Any, limit: int = MAX_VALUE_DEPTH) -> bool:
    """Whether lists and objects nest deeper than `limit` in `value`."""
    level = [value]
    for _ in range(limit + 1):
        level = [child for item in level for child in _children(item)]
        if not level:
            return False
    return True


def many_nodes(value: Any, limit: int = MANY_NODES) -> bool:
    """Whether `value` has more than `limit` members, at all levels."""
    seen, stack = 0, [value]
    while stack:
        children = _children(stack.pop())
        seen += len(children)
        if seen > limit:
            return True
        stack.extend(children)
    return False


def _children(item: Any) -> Any:
    if is_object(item):
        return item.values()
    return item if is_array(item) else ()
