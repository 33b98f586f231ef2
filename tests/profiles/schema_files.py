"""Reading the vendored schemas."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs

EMBEDDED = {"2026-07-28": ("CreateMessageRequest", "ElicitRequest")}
"""Requests that travel inside a result, whose parameters inherit nothing."""

FOLDER = Path(__file__).parent / "schemas"


@cache
def document(revision: str) -> dict[str, Any]:
    text = (FOLDER / f"mcp-{revision}.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def definitions(revision: str) -> dict[str, Any]:
    schema = document(revision)
    found: dict[str, Any] = schema.get("$defs") or schema["definitions"]
    return found


def members(revision: str, name: str, *, params: bool = False) -> tuple[set[str], set[str]]:
    """The properties of a definition, and those it requires."""
    schema = definitions(revision)[name]
    if not params:
        return _members(revision, schema)
    names, required = _members(revision, schema["properties"].get("params", {}))
    return names | _inherited(revision, name), required


def _inherited(revision: str, name: str) -> set[str]:
    """What all parameters may have: in the base message, later in a definition of its own."""
    base = "Notification" if name.endswith("Notification") else "Request"
    found = _members(revision, definitions(revision)[base]["properties"].get("params", {}))[0]
    if name in EMBEDDED.get(revision, ()):
        return found
    return found | _members(revision, definitions(revision).get(f"{base}Params", {}))[0]


def _members(revision: str, schema: dict[str, Any]) -> tuple[set[str], set[str]]:
    if "$ref" in schema:
        return _members(revision, definitions(revision)[schema["$ref"].rsplit("/", 1)[1]])
    names, required = set(schema.get("properties", {})), set(schema.get("required", ()))
    for part in schema.get("allOf", ()):
        inner = _members(revision, part)
        names, required = names | inner[0], required | inner[1]
    return names, required


@cache
def validator(revision: str, name: str, *, params: bool = False) -> Any:
    schema = document(revision)
    key = "$defs" if "$defs" in schema else "definitions"
    place = f"#/{key}/{name}" + ("/properties/params" if params else "")
    return jsonschema_rs.validator_for(
        {"$schema": schema["$schema"], key: schema[key], "allOf": [{"$ref": place}]}
    )
