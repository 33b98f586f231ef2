"""Instances of model classes, with every member or only those that must be."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from attrs import NOTHING, fields, has, resolve_types
from zcp_kernel.model import CONTENT_TYPES, Capabilities, SamplingRequest, TextContent

SPECIAL: dict[str, Any] = {
    "uri": "file:///a",
    "uri_template": "file:///{a}",
    "src": "https://example.org/icon.png",
    "website_url": "https://example.org",
    "data": "aGk=",
    "blob": "aGk=",
    "created_at": "2026-01-01T00:00:00Z",
    "last_updated_at": "2026-01-01T00:00:00Z",
    "input_schema": {"type": "object"},
    "output_schema": {"type": "object"},
    "requested_schema": {"type": "object", "properties": {"city": {"type": "string"}}},
    "ref": {"type": "ref/prompt", "name": "x"},
    "tool_choice": {"mode": "auto"},
    "input_responses": {"a": {"action": "decline"}},
    "level": "info",
}
"""Values by attribute name, where any value of the type will not do."""

OF_CLASS: dict[tuple[type, str], Any] = {
    (SamplingRequest, "tools"): [{"name": "x", "inputSchema": {"type": "object"}}],
    (Capabilities, "experimental"): {"x": {}},
    (Capabilities, "extensions"): {"org.example/x": {}},
    (Capabilities, "tasks"): {"list": {}, "cancel": {}},
    (Capabilities, "roots"): {"listChanged": True},
    (Capabilities, "sampling"): {"context": {}, "tools": {}},
    (Capabilities, "elicitation"): {"form": {}, "url": {}},
    (Capabilities, "prompts"): {"listChanged": True},
    (Capabilities, "resources"): {"listChanged": True, "subscribe": True},
    (Capabilities, "tools"): {"listChanged": True},
}
"""The same by class and attribute."""


def full(cls: type, **given: Any) -> Any:
    """Every member set; `given` ones to these values."""
    return _make(cls, given, required_only=False)


def minimal(cls: type, **given: Any) -> Any:
    """Only what has no default."""
    return _make(cls, given, required_only=True)


def _make(cls: type, given: dict[str, Any], *, required_only: bool) -> Any:
    resolve_types(cls)
    values = dict(given)
    for attribute in fields(cls):
        if attribute.name in values or attribute.name == "extras":
            continue
        if required_only and attribute.default is not NOTHING:
            continue
        if attribute.metadata.get("wire", True):
            place = (cls, attribute.name)
            values[attribute.name] = (
                OF_CLASS[place] if place in OF_CLASS else value_of(attribute.name, attribute.type)
            )
    return cls(**values)


def value_of(name: str, kind: Any) -> Any:
    if name in SPECIAL:
        return SPECIAL[name]
    if has(kind):
        return full(kind)
    simple = {str: "x", int: 3, float: 0.5, bool: True, Any: {"a": 1}}
    if kind in simple:
        return simple[kind]
    origin, args = get_origin(kind), get_args(kind)
    if origin is Literal:
        return args[0]
    if origin is list:
        return [value_of("", args[0])]
    if origin is dict:
        return {"a": value_of("", args[1])}
    if origin in (Union, UnionType):
        return _alternative(name, [arg for arg in args if arg is not NoneType])
    raise TypeError(f"no value for {name}: {kind}")


def _alternative(name: str, kinds: list[Any]) -> Any:
    if any(kind in CONTENT_TYPES.values() for kind in kinds):
        return full(TextContent)
    return value_of(name, kinds[0])
