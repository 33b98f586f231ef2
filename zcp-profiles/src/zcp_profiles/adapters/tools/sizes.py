"""How large a value of a schema may become: a hint, from what the schema says."""

from __future__ import annotations

from typing import Any

from zcp_kernel.jsontext import is_list, is_object

from .pointers import referred

TEXT_BYTES = 64
"""A string of which nothing else is known."""
LIST_ITEMS = 32
"""A list of which nothing else is known."""
MAX_BYTES = 1 << 40

SIZE_HINT = "x-zcp-size"
"""A schema's own word on how large its values are, in bytes."""


class Sizes:
    """Estimates in bytes; a schema that contains itself counts once."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._document = document

    def of(self, schema: Any, inside: frozenset[str] = frozenset()) -> int:
        if not is_object(schema):
            return TEXT_BYTES
        if isinstance(said := schema.get(SIZE_HINT), int):
            return said
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if reference in inside:
                return TEXT_BYTES
            try:
                return self.of(referred(self._document, reference), inside | {reference})
            except LookupError:
                return TEXT_BYTES
        return min(MAX_BYTES, self._sum(schema, inside))

    def _sum(self, schema: dict[str, Any], inside: frozenset[str]) -> int:
        branches = [part for word in ("anyOf", "oneOf") for part in schema.get(word, ())]
        widest = max((self.of(part, inside) for part in branches), default=0)
        for part in schema.get("allOf", ()):
            widest += self.of(part, inside)
        items = schema.get("items")
        if is_object(items) or schema.get("type") == "array":
            item = TEXT_BYTES if is_list(items) else self.of(items, inside)
            widest = max(widest, schema.get("maxItems", LIST_ITEMS) * item)
        members = schema.get("properties", {})
        total = sum(len(name) + self.of(part, inside) for name, part in members.items())
        rest = schema.get("additionalProperties")
        if is_object(rest):
            total += LIST_ITEMS * (TEXT_BYTES + self.of(rest, inside))
        text = schema.get("maxLength", TEXT_BYTES) if schema.get("type") == "string" else 8
        return max(widest, total, text)
