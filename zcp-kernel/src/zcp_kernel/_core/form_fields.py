"""A form's fields as people write them, and the flat JSON Schema that asks for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .._core.narrow import is_mapping, is_sequence
from ..errors import Fault, InvalidParams


def schema_of_fields(fields: Any) -> dict[str, Any]:
    """The requested schema for `fields`, which may also be such a schema already.

    A dict maps a field to its schema, its type's name, or a list of choices; a list holds names or
    schemas with a `name`. A field is required unless it says `"required": False` or has a default.
    Raises `InvalidParams`.
    """
    if fields is None:
        return {"type": "object", "properties": {}}
    if is_mapping(fields):
        if fields.get("type") == "object" and is_mapping(fields.get("properties")):
            return dict(fields)
        return _schema([(str(name), spec) for name, spec in fields.items()])
    if is_sequence(fields):
        return _schema([_named(field) for field in fields])
    raise _misfit("fields", "expected a dict or a list of fields")


def _schema(fields: list[tuple[str, Any]]) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    required: list[str] = []
    for name, spec in fields:
        schema = _property(name, spec)
        wanted = schema.pop("required", "default" not in schema)
        properties[name] = schema
        if wanted:
            required.append(name)
    schema = {"type": "object", "properties": properties}
    return {**schema, "required": required} if required else schema


def _named(field: Any) -> tuple[str, Any]:
    if isinstance(field, str):
        return field, "string"
    if is_mapping(field) and isinstance(field.get("name"), str):
        return field["name"], {key: item for key, item in field.items() if key != "name"}
    raise _misfit("fields", "a field in a list is a name, or a dict with a name")


def _property(name: str, spec: Any) -> dict[str, Any]:
    if isinstance(spec, str):
        return {"type": spec}
    if is_mapping(spec):
        has_type = "type" in spec or "enum" in spec or "oneOf" in spec
        return dict(spec) if has_type else {"type": "string", **spec}
    if is_sequence(spec) and all(isinstance(choice, str) for choice in spec):
        return {"type": "string", "enum": list(spec)}
    raise _misfit(f"fields.{name}", "a field is a schema, a type's name or a list of choices")


def fields_of_schema(schema: Mapping[str, Any] | None) -> dict[str, Any]:
    """The fields a requested schema asks for, each with its schema and `required`."""
    if schema is None:
        return {}
    required = schema.get("required", ())
    return {
        name: {**(spec if is_mapping(spec) else {}), "required": name in required}
        for name, spec in schema.get("properties", {}).items()
    }


def with_defaults(content: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """`content` and the schema's default for every field it leaves out."""
    filled = dict(content)
    for name, spec in schema.get("properties", {}).items():
        if name not in filled and is_mapping(spec) and "default" in spec:
            filled[name] = spec["default"]
    return filled


def _misfit(path: str, message: str) -> InvalidParams:
    return InvalidParams(f"invalid:{path}: {message}", [Fault(path, "type", message)])
