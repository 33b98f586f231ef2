"""How a schema hangs together: what checking one value with it can come to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import define, field, frozen

from ...errors import SchemaRefused
from .values import is_object
from .walk import IN_PLACE, local_target, subschemas

MAX_EXPANSION = 100_000
"""How many schemas one value may have to be held against, `$ref` followed."""
MAX_CHAIN = 100
"""How many schemas, each inside or behind the last, may look at one value."""

_OVERLAPPING = frozenset({"contains", "patternProperties", "propertyNames"})
"""Keywords that look at parts of the value other keywords look at too."""


@frozen
class Structure:
    """`circular`: the schema can follow a value down without end. `branching`: on that way it may
    look at the same part more than once, so that the work can double with every level."""

    circular: bool
    branching: bool


def survey(root: dict[str, Any] | bool) -> Structure:
    """Follow every local reference of a schema once.

    Raises `SchemaRefused` where references lead back to a schema without going into the value, and
    where one value would be held against more than `MAX_EXPANSION` schemas.
    """
    tour = _Tour(root)
    tour.start(root)
    in_place = _Tour(root, in_place=True)
    for node in tour.seen:
        in_place.start(node)
    if in_place.hubs:
        raise SchemaRefused("$ref leads back to itself, so checking would never end", "$ref")
    circular = bool(tour.hubs) or any(map(_unbounded, tour.seen))
    return Structure(circular, circular and _branches(tour, in_place))


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


def _branches(tour: _Tour, in_place: _Tour) -> bool:
    reaching = set(tour.hubs)
    before = -1
    while before != len(reaching):
        before = len(reaching)
        for node in tour.seen:
            if any(id(child) in reaching for child in tour.children(node)):
                reaching.add(id(node))
    return any(
        sum(id(child) in reaching for child in in_place.children(node)) > 1
        or any(kw in _OVERLAPPING and id(child) in reaching for kw, child in subschemas(node))
        for node in tour.seen
    )


@define
class _Tour:
    """Visits every schema under a starting point once, references followed; with `in_place` only
    those that look at the same value. Iterative: chains of references may be long."""

    root: Any
    in_place: bool = False
    hubs: set[int] = field(factory=set[int])
    seen: list[dict[str, Any]] = field(factory=list[dict[str, Any]])
    _done: dict[int, _Visit] = field(factory=dict[int, Any])

    def start(self, node: Any) -> None:
        if not is_object(node) or id(node) in self._done:
            return
        stack = [self._visit(node)]
        on_path = {id(node)}
        while stack:
            child = next(stack[-1].children, None)
            if child is None:
                done = stack.pop()
                on_path.discard(id(done.node))
                self.seen.append(done.node)
                self._done[id(done.node)] = done
                if stack:
                    self._add(stack[-1], done)
            elif id(child) in self._done:
                self._add(stack[-1], self._done[id(child)])
            elif id(child) in on_path:
                self.hubs.add(id(child))
            else:
                on_path.add(id(child))
                stack.append(self._visit(child))

    def children(self, node: dict[str, Any]) -> Iterator[dict[str, Any]]:
        for keyword, child in subschemas(node):
            if isinstance(child, dict) and (keyword in IN_PLACE or not self.in_place):
                yield child
        target = local_target(self.root, node.get("$ref"))
        if isinstance(target, dict):
            yield target

    def _visit(self, node: dict[str, Any]) -> _Visit:
        return _Visit(node, self.children(node))

    def _add(self, parent: _Visit, child: _Visit) -> None:
        parent.cost += child.cost
        parent.height = max(parent.height, child.height + 1)
        if self.in_place and parent.cost > MAX_EXPANSION:
            raise SchemaRefused(
                f"references multiply to more than {MAX_EXPANSION} schemas for one value", "$ref"
            )
        if self.in_place and parent.height > MAX_CHAIN:
            raise SchemaRefused(
                f"more than {MAX_CHAIN} references lead from one to the next", "$ref"
            )


@define
class _Visit:
    node: dict[str, Any]
    children: Iterator[dict[str, Any]]
    cost: int = 1
    height: int = 1
