"""From `key=value` on the command line to a tool's arguments."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from .jsonvalues import entries, is_list, is_object, members

_MISSING = object()
_NESTING = 32
_NOTHING: frozenset[str] = frozenset()
_JSON_TYPES: dict[type, frozenset[str]] = {
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
    str: frozenset({"string"}),
    list: frozenset({"array"}),
    dict: frozenset({"object"}),
    type(None): frozenset({"null"}),
}


def read_arguments(
    pairs: Iterable[str], document: str | None, schema: Mapping[str, Any] | None
) -> dict[str, Any]:
    """The arguments of a call: those of `document` (JSON, `@file`, or `@-` for standard input),
    and over them `key=value` pairs.

    A value is JSON if it reads as JSON and the schema's type for the key, where it has one, allows
    that; else it is a string. A key given several times, or whose type is array, makes a list.
    Raises `click.UsageError`.
    """
    arguments = {} if document is None else _read_document(document)
    properties = members(members(schema).get("properties"))
    for key, texts in _grouped(pairs).items():
        arguments[key] = _value(key, texts, properties.get(key, True), schema or {})
    return arguments


def read_strings(pairs: Iterable[str]) -> dict[str, str]:
    """`key=value` pairs whose values are strings, as prompts take them."""
    grouped = _grouped(pairs)
    for key, texts in grouped.items():
        _only(key, texts)
    return {key: texts[0] for key, texts in grouped.items()}


def types_of(schema: Any, root: Mapping[str, Any], depth: int = 0) -> frozenset[str] | None:
    """The JSON types a schema admits as far as its keywords say; None: any."""
    if not is_object(schema) or depth > _NESTING:
        return None
    if isinstance(schema.get("$ref"), str):
        return types_of(_resolved(schema["$ref"], root), root, depth + 1)
    if "enum" in schema or "const" in schema:
        values = entries(schema.get("enum", [schema.get("const")]))
        return _union(_JSON_TYPES[type(value)] for value in values)
    kinds = schema.get("type")
    if kinds is not None:
        return frozenset([kinds] if isinstance(kinds, str) else map(str, entries(kinds)))
    for name in ("anyOf", "oneOf"):
        if is_list(schema.get(name)):
            parts = [types_of(each, root, depth + 1) for each in schema[name]]
            known = [part for part in parts if part is not None]
            return _union(known) if len(known) == len(parts) else None
    return None


def _union(parts: Iterable[frozenset[str]]) -> frozenset[str]:
    return _NOTHING.union(*parts)


def _read_document(document: str) -> dict[str, Any]:
    text = document
    if document == "@-":
        text = sys.stdin.read()
    elif document.startswith("@"):
        try:
            text = Path(document[1:]).read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise click.UsageError(f"--args: cannot read {document[1:]}: {error}") from None
    value = as_json(text)
    if not is_object(value):
        raise click.UsageError("--args: give a JSON object, @file, or @- for standard input")
    return value


def _grouped(pairs: Iterable[str]) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key:
            raise click.UsageError(f"{pair!r} is not key=value")
        grouped.setdefault(key, []).append(text)
    return grouped


def _value(key: str, texts: list[str], schema: Any, root: Mapping[str, Any]) -> Any:
    types = types_of(schema, root)
    if types is not None and "array" in types:
        whole = as_json(texts[0]) if len(texts) == 1 else _MISSING
        if _fits(whole, types):
            return whole
        items = types_of(_items_of(schema, root), root)
        return [_scalar(text, items) for text in texts]
    if types is None and len(texts) > 1:
        return [_scalar(text, None) for text in texts]
    _only(key, texts)
    return _scalar(texts[0], types)


def _items_of(schema: Any, root: Mapping[str, Any], depth: int = 0) -> Any:
    """The schema of a list's items, also where the list is one of several alternatives."""
    if not is_object(schema) or depth > _NESTING:
        return True
    if isinstance(schema.get("$ref"), str):
        return _items_of(_resolved(schema["$ref"], root), root, depth + 1)
    for each in entries(schema.get("anyOf")) or entries(schema.get("oneOf")):
        if "array" in (types_of(each, root) or ()):
            return _items_of(each, root, depth + 1)
    return schema.get("items", True)


def _scalar(text: str, types: frozenset[str] | None) -> Any:
    value = as_json(text)
    if value is _MISSING or (types is not None and "string" in types and not _fits(value, types)):
        return text
    return value


def _fits(value: Any, types: frozenset[str]) -> bool:
    return bool(_type_of(value) & types)


def _type_of(value: object) -> frozenset[str]:
    """The JSON types a value has; none if it is no JSON."""
    return _JSON_TYPES.get(type(value), _NOTHING)


def _only(key: str, texts: list[str]) -> None:
    if len(texts) > 1:
        raise click.UsageError(f"{key} is given {len(texts)} times but takes one value")


def as_json(text: str) -> Any:
    """The value of a JSON text; what no JSON value is equal to if it is none."""
    try:
        return json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return _MISSING


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _resolved(reference: str, root: Mapping[str, Any]) -> Any:
    if not reference.startswith("#/"):
        return True
    node: Any = root
    for part in reference[2:].split("/"):
        if not is_object(node):
            return True
        node = node.get(part.replace("~1", "/").replace("~0", "~"), True)
    return node
