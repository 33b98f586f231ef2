"""Elicitation: form only in 2025-06-18, form or page from 2025-11-25."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from zcp_kernel import model
from zcp_kernel.codec import Convert, Hooks, HookTable, ModelCodec
from zcp_kernel.errors import MissingCapability
from zcp_kernel.jsontext import dumps, is_list, is_object

from .history import R3

_EMPTY_FORM: Mapping[str, Any] = {"type": "object", "properties": {}}


def elicitation_hooks(revision: str) -> HookTable:
    if revision > R3:
        return {model.ElicitationRequest: (Hooks(encode=_either),)}
    return {
        model.ElicitationRequest: (Hooks(encode=_form_only),),
        model.ElicitationResult: (Hooks(encode=_primitive_answers),),
    }


def _either(codec: ModelCodec, derived: Convert) -> Convert:
    def encode(request: model.ElicitationRequest) -> dict[str, Any]:
        out: dict[str, Any] = derived(request)
        if request.url is not None:
            out.pop("requestedSchema", None)
            out["mode"] = "url"
        else:
            out.pop("elicitationId", None)
            out.setdefault("requestedSchema", dict(_EMPTY_FORM))
        return out

    return encode


def _form_only(codec: ModelCodec, derived: Convert) -> Convert:
    def encode(request: model.ElicitationRequest) -> dict[str, Any]:
        if request.url is not None:
            raise MissingCapability("elicitation.url")
        out: dict[str, Any] = derived(request)
        out["requestedSchema"] = plain_form(request.requested_schema or {})
        return out

    return encode


def plain_form(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A form schema in the words of 2025-06-18: titled choices as `enum` and `enumNames`, a
    default for booleans only. Raises `MissingCapability` for a choice of several values."""
    properties: dict[str, Any] = schema.get("properties") or {}
    out = {name: member for name, member in schema.items() if name != "$schema"}
    out["type"] = "object"
    out["properties"] = {name: _plain_field(field) for name, field in properties.items()}
    return out


def _plain_field(field: Any) -> Any:
    if not is_object(field):
        return field
    if field.get("type") == "array":
        raise MissingCapability("elicitation.multiSelect")
    out = dict(field)
    if out.get("type") != "boolean":
        out.pop("default", None)
    choices: list[dict[str, Any]] | None = out.pop("oneOf", None)
    if choices is not None:
        out["enum"] = [choice["const"] for choice in choices]
        out["enumNames"] = [choice.get("title", str(choice["const"])) for choice in choices]
    return out


def _primitive_answers(codec: ModelCodec, derived: Convert) -> Convert:
    """A list of choices, which no form of this revision asks for, is told as JSON text."""

    def encode(result: model.ElicitationResult) -> dict[str, Any]:
        out: dict[str, Any] = derived(result)
        if result.content is not None:
            out["content"] = {name: _primitive(value) for name, value in result.content.items()}
        return out

    return encode


def _primitive(value: Any) -> Any:
    return dumps(value).decode() if is_list(value) or is_object(value) else value
