"""Lenient reading of arguments: strings where the schema wants a number, a boolean or null.

Models often quote scalars. A string is changed only where the schema cannot mean a string, and
only if there is one thing it can mean.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from .bounds import MAX_VALUE_DEPTH
from .values import is_object
from .walk import local_target

_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]*)\Z")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")
_LONGEST = 400
_WORDS: dict[str, dict[str, Any]] = {
    "boolean": {"true": True, "false": False},
    "null": {"null": None},
}
_CONTAINERS: dict[str, type] = {"object": dict, "array": list}


def coerce(schema: Any, value: Any) -> Any:
    """`value` as `schema` wants it, in a copy; `value` itself when there is nothing to change."""
    return _Coercer(schema).value(schema, value, 0)


class _Coercer:
    def __init__(self, root: Any) -> None:
        self._root = root

    def value(self, node: Any, value: Any, level: int) -> Any:
        """`level` counts schemas and references followed, which bounds recursive schemas."""
        if not is_object(node) or level > MAX_VALUE_DEPTH:
            return value
        if isinstance(value, str):
            return self._scalar(node, value)
        if isinstance(value, (dict, list)):
            return self._container(node, value, level)
        return value

    def _scalar(self, node: dict[str, Any], text: str) -> Any:
        types = self._types(node, 0)
        if types is None or "string" in types:
            return text
        readings = [found for kind in types for found in _readings(kind, text)]
        meanings = {(type(found).__name__, found) for found in readings}
        return readings[0] if len(meanings) == 1 else text

    def _types(self, node: Any, level: int) -> set[str] | None:
        """The types `node` allows; None when it allows any."""
        if not is_object(node) or level > MAX_VALUE_DEPTH:
            return None
        found: list[set[str] | None] = []
        if "type" in node:
            named = node["type"]
            found.append({named} if isinstance(named, str) else set(named))
        if "$ref" in node:
            found.append(self._types(local_target(self._root, node["$ref"]), level + 1))
        found.extend(self._types(part, level + 1) for part in node.get("allOf", ()))
        for keyword in ("anyOf", "oneOf"):
            if keyword in node:
                found.append(_union([self._types(part, level + 1) for part in node[keyword]]))
        known = [types for types in found if types is not None]
        return known[0].intersection(*known[1:]) if known else None

    def _container(self, node: dict[str, Any], value: Any, level: int) -> Any:
        if "$ref" in node:
            value = self.value(local_target(self._root, node["$ref"]), value, level + 1)
        for part in node.get("allOf", ()):
            value = self.value(part, value, level + 1)
        for keyword in ("anyOf", "oneOf"):
            fitting = [part for part in node.get(keyword, ()) if self._may_fit(part, value)]
            if len(fitting) == 1:
                value = self.value(fitting[0], value, level + 1)
        if is_object(value):
            return self._members(node, value, level)
        return self._items(node, value, level)

    def _may_fit(self, node: Any, value: Any) -> bool:
        types = self._types(node, 0)
        if types is not None and not any(
            isinstance(value, kind) for name, kind in _CONTAINERS.items() if name in types
        ):
            return False
        return node is not False and not self._tagged_otherwise(node, value, 0)

    def _tagged_otherwise(self, node: Any, value: Any, level: int) -> bool:
        """Whether a member of `value` has to be a constant it is not (a union's discriminator)."""
        if not is_object(node) or not is_object(value) or level > MAX_VALUE_DEPTH:
            return False
        if "$ref" in node and self._tagged_otherwise(
            local_target(self._root, node["$ref"]), value, level + 1
        ):
            return True
        properties: dict[str, Any] = node.get("properties", {})
        return any(
            name in value and is_object(held) and value[name] != held.get("const", value[name])
            for name, held in properties.items()
        )

    def _members(self, node: dict[str, Any], value: dict[str, Any], level: int) -> Any:
        properties = node.get("properties", {})
        others = True if "patternProperties" in node else node.get("additionalProperties", True)
        return _replaced(
            value,
            {
                name: self.value(properties.get(name, others), item, level + 1)
                for name, item in value.items()
            },
        )

    def _items(self, node: dict[str, Any], value: list[Any], level: int) -> Any:
        first = node.get("prefixItems", [])
        rest = node.get("items", True)
        changed = [
            self.value(first[index] if index < len(first) else rest, item, level + 1)
            for index, item in enumerate(value)
        ]
        same = all(new is old for new, old in zip(changed, value, strict=True))
        return value if same else changed


def _replaced(value: dict[str, Any], changed: dict[str, Any]) -> dict[str, Any]:
    same = all(changed[name] is item for name, item in value.items())
    return value if same else changed


def _union(parts: list[set[str] | None]) -> set[str] | None:
    """Any type at all where one alternative allows any."""
    known = [types for types in parts if types is not None]
    return set[str]().union(*known) if len(known) == len(parts) else None


def _readings(kind: str, text: str) -> list[Any]:
    if kind in _WORDS:
        return [_WORDS[kind][text]] if text in _WORDS[kind] else []
    pattern = {"integer": _INTEGER, "number": _NUMBER}.get(kind)
    if pattern is None or len(text) > _LONGEST or not pattern.match(text):
        return []
    number = json.loads(text)
    return [number] if math.isfinite(number) else []
