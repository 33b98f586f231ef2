"""Which draft a schema is written in (`$schema`; JSON Schema 2020-12 core, section 8.1.1)."""

from __future__ import annotations

from typing import Any, Final

from ...errors import SchemaRefused
from .values import is_object
from .walk import subschemas

LATEST: Final = "2020-12"

KNOWN: dict[str, str] = {
    "json-schema.org/draft/2020-12/schema": LATEST,
    "json-schema.org/draft/2019-09/schema": "2019-09",
    "json-schema.org/draft-07/schema": "draft-07",
    "json-schema.org/draft-06/schema": "draft-06",
    "json-schema.org/draft-04/schema": "draft-04",
}
"""Identifier without scheme and empty fragment -> draft. Others are refused, not looked up."""


def dialect_of(schema: dict[str, Any] | bool) -> str:
    """The draft of a whole document, `LATEST` where it does not say.

    Raises `SchemaRefused` when it, or a schema embedded in it, names a dialect nobody here knows.
    """
    stack: list[Any] = [schema]
    while stack:
        node = stack.pop()
        if is_object(node) and "$schema" in node:
            _known(node["$schema"])
        stack.extend(child for _, child in subschemas(node))
    if is_object(schema) and "$schema" in schema:
        return _known(schema["$schema"])
    return LATEST


def _known(uri: Any) -> str:
    name = uri.removesuffix("#").split("://", 1)[-1] if isinstance(uri, str) else ""
    if name not in KNOWN:
        raise SchemaRefused(
            f"unknown dialect $schema: {uri!r}; known are {', '.join(sorted(KNOWN.values()))}",
            "$schema",
        )
    return KNOWN[name]
