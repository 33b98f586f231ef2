"""JSON Schema (2020-12) of a type hint."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import Path, PurePath
from typing import Any, Literal, NoReturn, get_args, get_origin
from uuid import UUID

from . import docstrings, kinds
from .members import MISSING, Member, members_of, own_docstring
from .plain import json_form

Schema = dict[str, Any]


class UndescribableError(TypeError):
    """A hint JSON Schema has no words for."""


def _undescribable(hint: Any) -> NoReturn:
    raise UndescribableError(f"{getattr(hint, '__qualname__', hint)} has no JSON Schema")


_FIXED: dict[Any, Schema] = {
    **{kind: {"type": name} for kind, name in kinds.SCALARS.items()},
    None: {"type": "null"},
    type(None): {"type": "null"},
    Any: {},
    object: {},
    datetime: {"type": "string", "format": "date-time"},
    date: {"type": "string", "format": "date"},
    time: {"type": "string", "format": "time"},
    UUID: {"type": "string", "format": "uuid"},
    Decimal: {"type": ["number", "string"]},
    Path: {"type": "string", "format": "path"},
    PurePath: {"type": "string", "format": "path"},
    bytes: {"type": "string", "contentEncoding": "base64"},
    tuple: {"type": "array"},
}

_BOUNDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
}
_SIZES = {
    "min_length": {"string": "minLength", "array": "minItems", "object": "minProperties"},
    "max_length": {"string": "maxLength", "array": "maxItems", "object": "maxProperties"},
}
"""Constraints as annotated-types and pydantic name them, told by attribute."""


class Describer:
    """Describes hints; `definitions` collects the named ones, each referred to as `#/$defs/…`."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}
        self._names: dict[Any, str] = {}

    def schema(self, hint: Any) -> Schema:
        """Raises `UndescribableError`."""
        schema = self._bare(kinds.bare_but_alias(hint))
        for note in kinds.notes(hint):
            schema = _noted(schema, note)
        return schema

    def member(self, member: Member) -> Schema:
        """The schema of a member or parameter, with its description and default."""
        schema = self.schema(member.hint)
        if member.description and "description" not in schema:
            schema = {**schema, "description": member.description}
        if member.default is not MISSING:
            default = json_form(member.default)
            if default is not MISSING:
                schema = {**schema, "default": default}
        return schema

    def _bare(self, hint: Any) -> Schema:
        if kinds.is_alias(hint):
            return self._defined(hint, lambda: self.schema(hint.__value__))
        if hint in _FIXED:
            return dict(_FIXED[hint])
        if kinds.is_union(hint):
            return _either([self.schema(part) for part in get_args(hint)])
        if get_origin(hint) is Literal:
            return _choice([_literal(value) for value in get_args(hint)])
        if kinds.is_enum(hint):
            return self._defined(hint, lambda: _enum(hint))
        return self._compound(hint)

    def _compound(self, hint: Any) -> Schema:
        origin = get_origin(hint) or hint
        if origin in kinds.ARRAYS:
            return {"type": "array", **self._part("items", hint, 0)}
        if origin in kinds.SETS:
            return {"type": "array", **self._part("items", hint, 0), "uniqueItems": True}
        if origin is tuple:
            return self._tuple(get_args(hint))
        if origin in kinds.OBJECTS:
            return {"type": "object", **self._part("additionalProperties", hint, 1)}
        if kinds.is_pydantic(origin):
            return self._pydantic(origin)
        members = members_of(origin)
        if members is None:
            _undescribable(hint)
        return self._defined(origin, lambda: self._object(origin, members))

    def _part(self, keyword: str, hint: Any, position: int) -> Schema:
        """`{keyword: schema}` of one type argument; empty where it says nothing."""
        arguments = get_args(hint)
        schema = self.schema(arguments[position]) if len(arguments) > position else {}
        return {keyword: schema} if schema else {}

    def _tuple(self, parts: tuple[Any, ...]) -> Schema:
        if len(parts) == 2 and parts[1] is ...:
            return {"type": "array", "items": self.schema(parts[0])}
        items = [self.schema(part) for part in parts if part != ()]
        first: Schema = {"prefixItems": items} if items else {}
        return {"type": "array", **first, "items": False, "minItems": len(items)}

    def _object(self, cls: type, members: list[Member]) -> Schema:
        description = docstrings.parse(own_docstring(cls)).description
        said: Schema = {"description": description} if description else {}
        properties = {member.name: self.member(member) for member in members}
        required = [member.name for member in members if member.required]
        schema: Schema = {"type": "object", **said, "properties": properties}
        return {**schema, "required": required} if required else schema

    def _pydantic(self, cls: Any) -> Schema:
        def make() -> Schema:
            prefix = f"{self._names[cls]}."
            schema = dict(cls.model_json_schema(ref_template=f"#/$defs/{prefix}{{model}}"))
            for name, held in schema.pop("$defs", {}).items():
                self.definitions[prefix + name] = held
            return schema

        return self._defined(cls, make)

    def _defined(self, hint: Any, make: Callable[[], Schema]) -> Schema:
        name = self._names.get(hint)
        if name is None:
            name = self._names[hint] = self._free_name(hint.__name__)
            self.definitions[name] = {}
            self.definitions[name] = make()
        return {"$ref": f"#/$defs/{name}"}

    def _free_name(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self.definitions:
            number += 1
            name = f"{wanted}{number}"
        return name


def _noted(schema: Schema, note: Any) -> Schema:
    """`schema` with what one note of `Annotated` adds."""
    if isinstance(note, str):
        return {**schema, "description": note}
    added: Schema = {}
    description = getattr(note, "description", None)
    if isinstance(description, str):
        added["description"] = description
    for attribute, keyword in _BOUNDS.items():
        bound = getattr(note, attribute, None)
        if isinstance(bound, (int, float, str)):
            added[keyword] = bound
    for attribute, keywords in _SIZES.items():
        size, kind = getattr(note, attribute, None), schema.get("type")
        if isinstance(size, int) and isinstance(kind, str) and kind in keywords:
            added[keywords[kind]] = size
    return {**schema, **added}


def _either(parts: list[Schema]) -> Schema:
    distinct = [part for n, part in enumerate(parts) if part not in parts[:n]]
    if len(distinct) == 1 or {} in distinct:
        return {} if {} in distinct else distinct[0]
    if all(part.keys() == {"type"} and isinstance(part["type"], str) for part in distinct):
        return {"type": [part["type"] for part in distinct]}
    return {"anyOf": distinct}


def _literal(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value if kinds.enum_values(type(value)) is not None else value.name
    return _undescribable(value) if isinstance(value, bytes) else value


def _choice(values: list[Any]) -> Schema:
    types: set[Any] = {type(value) for value in values}
    named = kinds.SCALARS.get(types.pop()) if len(types) == 1 else None
    return {"type": named, "enum": values} if named else {"enum": values}


def _enum(cls: type[Enum]) -> Schema:
    values = kinds.enum_values(cls)
    return _choice([member.name for member in cls] if values is None else values)
