"""Where schemas stand inside a schema, and where a local `$ref` leads.

Keywords: JSON Schema 2020-12, core and applicator vocabularies, plus those older drafts had.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from .values import is_array, is_object

MAPS = frozenset(
    {"properties", "patternProperties", "$defs", "definitions", "dependentSchemas", "dependencies"}
)
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
SINGLES = frozenset(
    {
        "items",
        "additionalItems",
        "contains",
        "additionalProperties",
        "propertyNames",
        "unevaluatedItems",
        "unevaluatedProperties",
        "not",
        "if",
        "then",
        "else",
        "contentSchema",
    }
)
IN_PLACE = frozenset(
    {"$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"}
)
"""Keywords whose schemas look at the same value as the schema they stand in."""


def subschemas(schema: Any) -> Iterator[tuple[str, Any]]:
    """Every schema directly inside `schema`, with the keyword that holds it."""
    if not is_object(schema):
        return
    for keyword, held in schema.items():
        if keyword in SINGLES and isinstance(held, (dict, bool)):
            yield keyword, held
        elif keyword in MAPS and is_object(held):
            yield from ((keyword, child) for child in held.values())
        elif (keyword in LISTS or keyword == "items") and is_array(held):
            yield from ((keyword, child) for child in held)


def local_target(root: Any, ref: Any) -> Any:
    """What the JSON Pointer `ref` (`#`, `#/…`) names in `root` (RFC 6901, section 6).

    None when it is no local pointer, or leads nowhere.
    """
    if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/")):
        return None
    node = root
    for part in unquote(ref[1:]).split("/")[1:]:
        node = _member(node, part.replace("~1", "/").replace("~0", "~"))
    return node


def at_path(root: Any, path: list[str | int]) -> Any:
    """What stands at `path` in a document, None when nothing does."""
    node = root
    for part in path:
        node = _member(node, part)
    return node


def _member(node: Any, part: str | int) -> Any:
    if is_object(node):
        return node.get(str(part))
    if is_array(node) and str(part).isdecimal():
        index = int(part)
        return node[index] if index < len(node) else None
    return None
