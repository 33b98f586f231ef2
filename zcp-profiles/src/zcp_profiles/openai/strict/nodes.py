"""What a schema is compiled to: a strict form, and how its values turn into the tool's own.

Rules of this file:
- `schema` holds only what the strict subset has; definitions are referred to, never inlined.
- `decode` never raises: a value it does not know (from an API that does not hold schemas) stays as
  it is, for the server to judge.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attrs import define, field
from zcp_kernel.jsontext import is_list, is_object
from zcp_kernel.validation import CanonicalValidator, SchemaRefused

Schema = dict[str, Any]

NULL: Schema = {"type": "null"}


@define(eq=False)
class Node:
    """A part of the schema whose values are already the tool's."""

    schema: Schema

    @property
    def plain(self) -> bool:
        """Whether `decode` changes nothing."""
        return True

    def decode(self, value: Any) -> Any:
        return value


@define(eq=False)
class Anything(Node):
    """Any value: scalars as themselves, lists and objects as JSON text."""

    schema: Schema = field(
        factory=lambda: {
            "anyOf": [{"type": kind} for kind in ("string", "number", "boolean", "null")],
            "description": "any value; a list or an object as JSON text",
        }
    )

    @property
    def plain(self) -> bool:
        return False

    def decode(self, value: Any) -> Any:
        if isinstance(value, str) and value.lstrip()[:1] in ("{", "["):
            try:
                return json.loads(value, parse_constant=_refuse)
            except (ValueError, RecursionError):
                return value
        return value


def _refuse(name: str) -> Any:
    raise ValueError(name)


@define(eq=False)
class Lookup(Node):
    """Fixed values of which some are no scalars: those are sent as their JSON text."""

    values: dict[str, Any]

    @property
    def plain(self) -> bool:
        return False

    def decode(self, value: Any) -> Any:
        return self.values.get(value, value) if isinstance(value, str) else value


@define(eq=False)
class Items(Node):
    """A list of like items."""

    item: Node

    @property
    def plain(self) -> bool:
        return self.item.plain

    def decode(self, value: Any) -> Any:
        return [self.item.decode(each) for each in value] if is_list(value) else value


@define(eq=False)
class Pairs(Node):
    """A map: a list of `{key, value}`."""

    item: Node

    @property
    def plain(self) -> bool:
        return False

    def decode(self, value: Any) -> Any:
        if not is_list(value) or not all(is_object(one) and "key" in one for one in value):
            return value
        return {str(one["key"]): self.item.decode(one.get("value")) for one in value}


@define(eq=False)
class Member:
    """A property: its node, and whether the tool insists on it."""

    node: Node
    required: bool


@define(eq=False)
class Record(Node):
    """An object with known properties. `extra` is the property that holds all others, as pairs;
    those with a name in `known` are none of them."""

    members: Mapping[str, Member]
    extra: str | None = None
    known: frozenset[str] = frozenset()

    @property
    def plain(self) -> bool:
        return self.extra is None and all(
            member.required and member.node.plain for member in self.members.values()
        )

    def decode(self, value: Any) -> Any:
        if not is_object(value):
            return value
        decoded: dict[str, Any] = {}
        for name, item in value.items():
            member = self.members.get(name)
            if member is None:
                decoded[name] = item
            elif name != self.extra and (item is not None or member.required):
                decoded[name] = member.node.decode(item)
        if self.extra is not None and (others := value.get(self.extra)) is not None:
            opened = self.members[self.extra].node.decode(others)
            if is_object(opened):
                further = {name: item for name, item in opened.items() if name not in self.known}
                return {**further, **decoded}
        return decoded


@define(eq=False)
class Tuple(Node):
    """A list with a schema for each place: an object whose properties are the places."""

    places: Sequence[tuple[str, Member]]
    rest: str | None

    @property
    def plain(self) -> bool:
        return False

    def decode(self, value: Any) -> Any:
        if not is_object(value):
            return value
        decoded: list[Any] = []
        for name, member in self.places:
            item = value.get(name)
            if item is None and not member.required:
                return decoded
            if name == self.rest:
                decoded.extend(member.node.decode(item) or ())
            else:
                decoded.append(member.node.decode(item))
        return decoded


@define(eq=False)
class Union(Node):
    """One of several; which one is found out by checking the value against each."""

    branches: Sequence[Node]
    definitions: Callable[[], Mapping[str, Schema]]
    _checks: list[CanonicalValidator | None] | None = field(init=False, default=None)

    @property
    def plain(self) -> bool:
        return all(branch.plain for branch in self.branches)

    def decode(self, value: Any) -> Any:
        if self.plain:
            return value
        if self._checks is None:
            self._checks = [self._check(branch) for branch in self.branches]
        for branch, check in zip(self.branches, self._checks, strict=True):
            if check is not None and check.is_valid(value):
                return branch.decode(value)
        return value

    def _check(self, branch: Node) -> CanonicalValidator | None:
        whole = {**branch.schema, "$defs": dict(self.definitions())}
        try:
            return CanonicalValidator(whole, coerce=False)
        except SchemaRefused:
            return None


@define(eq=False)
class Reference(Node):
    """A definition, looked up when a value comes: it may contain itself."""

    target: Callable[[], Node]

    @property
    def plain(self) -> bool:
        return False

    def decode(self, value: Any) -> Any:
        return self.target().decode(value)


@define(eq=False)
class HandleReference(Node):
    """`{"$handle": id, "pointer"?}`: a kept result instead of the value itself."""

    @property
    def plain(self) -> bool:
        return False

    def decode(self, value: Any) -> Any:
        if is_object(value) and value.get("pointer") is None:
            return {name: item for name, item in value.items() if name != "pointer"}
        return value


@define(eq=False)
class Wrapped(Node):
    """The arguments of a tool whose schema is no plain object: they are the one member `name`."""

    name: str
    inner: Node

    @property
    def plain(self) -> bool:
        return False

    def decode(self, value: Any) -> Any:
        if is_object(value) and self.name in value:
            return self.inner.decode(value[self.name])
        return value


def nullable(schema: Schema) -> Schema:
    """This schema or null."""
    kind = schema.get("type")
    if kind == "null" or (is_list(kind) and "null" in kind):
        return schema
    if "anyOf" in schema:
        branches = schema["anyOf"]
        return schema if NULL in branches else {**schema, "anyOf": [*branches, NULL]}
    if isinstance(kind, str) and kind not in ("object", "array"):
        widened = {**schema, "type": [kind, "null"]}
        return {**widened, "enum": [*schema["enum"], None]} if "enum" in schema else widened
    if "description" not in schema:
        return {"anyOf": [schema, NULL]}
    bare = {name: item for name, item in schema.items() if name != "description"}
    return {"anyOf": [bare, NULL], "description": schema["description"]}
