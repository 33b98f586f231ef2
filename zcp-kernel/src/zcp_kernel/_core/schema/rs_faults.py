"""jsonschema-rs errors as faults, in the same words the other engine uses."""

from __future__ import annotations

from typing import Any

from jsonschema_rs import ValidationError, ValidationErrorKind

from ...errors import Fault
from . import messages
from .quick import meant
from .values import is_object
from .walk import at_path

_CLOSED = "additionalProperties"


def render(error: ValidationError, schema: Any, value: Any) -> list[Fault]:
    """The faults one library error stands for; `value` is the whole value that was checked."""
    kind: Any = error.kind
    parent = at_path(schema, error.schema_path[:-1])
    rules = parent if is_object(parent) else {}
    path = messages.path_of(error.instance_path)
    culprit = at_path(value, error.instance_path)
    if isinstance(kind, ValidationErrorKind.Required):
        return [_missing(path, kind.property, error.schema_path[-1], rules, culprit)]
    if isinstance(
        kind, (ValidationErrorKind.AdditionalProperties, ValidationErrorKind.UnevaluatedProperties)
    ):
        allowed = rules.get("properties", ())
        return [messages.unexpected(path, name, kind.name, allowed) for name in kind.unexpected]
    if isinstance(kind, ValidationErrorKind.FalseSchema) and error.schema_path[-1:] == [_CLOSED]:
        names = [] if rules.get("properties") else list(culprit)
        return [messages.unexpected(path, name, _CLOSED, ()) for name in names]
    if isinstance(kind, (ValidationErrorKind.AnyOf, ValidationErrorKind.OneOfNotValid)):
        tried = [
            [fault for inner in branch for fault in render(inner, schema, value)]
            for branch in kind.context
        ]
        rule = rules.get(kind.name, tried)
        index = meant(schema, rule, culprit)
        if index is not None and tried[index]:
            return tried[index]
        return [messages.alternatives(path, kind.name, rule, culprit, tried)]
    return [_sentence(kind, path, rules, culprit, error.schema_path[-1:])]


def _missing(path: str, name: str, keyword: Any, rules: dict[str, Any], culprit: Any) -> Fault:
    if keyword != "dependentRequired":
        return messages.missing(path, name)
    because = next(
        (given for given, names in rules[keyword].items() if given in culprit and name in names),
        "another member",
    )
    return messages.missing(path, name, because)


def _sentence(
    kind: Any, path: str, rules: dict[str, Any], culprit: Any, last: list[str | int]
) -> Fault:
    if isinstance(kind, ValidationErrorKind.FalseSchema) and "propertyNames" in last:
        return Fault(path, "propertyNames", "no members are allowed")
    if isinstance(kind, ValidationErrorKind.FalseSchema):
        return Fault(path, "false", messages.describe("false", False, culprit))
    if isinstance(kind, ValidationErrorKind.PropertyNames):
        return Fault(path, kind.name, messages.describe(kind.name, None, kind.error.instance))
    if isinstance(kind, ValidationErrorKind.BacktrackLimitExceeded):
        return Fault(path, "pattern", "the pattern takes too many steps on this text")
    if kind.name not in rules:
        return Fault(path, kind.name, f"breaks the rule {kind.name}; {messages.found(culprit)}")
    return Fault(path, kind.name, messages.describe(kind.name, rules[kind.name], culprit))
