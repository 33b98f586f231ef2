"""Faults in words a model can act on: what was expected, what was found, what is allowed."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ...errors import Fault
from .values import is_array, is_object

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_$-]*\Z")
_LONGEST = 80
_MOST = 20


def path_of(parts: Iterable[str | int]) -> str:
    """`["items", 2, "name"]` -> `items[2].name`; odd names are quoted: `["a.b"]`."""
    path = ""
    for part in parts:
        path = step(path, part)
    return path


def step(path: str, part: str | int) -> str:
    """`path`, one member or item further down."""
    if isinstance(part, int):
        return f"{path}[{part}]"
    if not _PLAIN.match(part):
        return f"{path}[{json.dumps(part)}]"
    return f"{path}.{part}" if path else part


def kind_of(value: Any) -> str:
    """The JSON type of a value, `integer` apart from `number`."""
    if value is None:
        return "null"
    for name, kinds in _KINDS.items():
        if isinstance(value, kinds):
            return name
    return type(value).__name__


_KINDS: dict[str, Any] = {
    "boolean": bool,
    "integer": int,
    "number": float,
    "string": str,
    "array": (list, tuple),
    "object": dict,
}


def show(value: Any) -> str:
    """A value in a few words, never long."""
    if is_object(value):
        return f"an object with {len(value)} members"
    if is_array(value):
        return f"an array of {len(value)} items"
    if isinstance(value, int) and value.bit_length() > 256:
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, str) and len(value) > _LONGEST:
        return f"{json.dumps(value[:_LONGEST])}… ({len(value)} characters)"
    if isinstance(value, (str, int, float, bool, type(None))):
        return json.dumps(value)
    return f"a Python {type(value).__name__}, which is no JSON"


def found(value: Any) -> str:
    """`found string "x"`."""
    if isinstance(value, (str, int, float)) and not isinstance(value, bool):
        return f"found {kind_of(value)} {show(value)}"
    return f"found {show(value)}"


def _listed(options: Sequence[Any]) -> str:
    shown = ", ".join(_literal(option) for option in options[:_MOST])
    more = len(options) - _MOST
    return f"{shown} and {more} more" if more > 0 else shown


def _literal(option: Any) -> str:
    text = show(option) if isinstance(option, int) else json.dumps(option)
    return text if len(text) <= 2 * _LONGEST else show(option)


def _types(rule: Any) -> str:
    return " or ".join([rule] if isinstance(rule, str) else rule)


def _size(rule: Any, value: Any, bound: str, unit: str) -> str:
    return f"expected at {bound} {rule} {unit}, found {len(value)}"


_SENTENCES: dict[str, Callable[[Any, Any], str]] = {
    "type": lambda rule, value: f"expected {_types(rule)}, {found(value)}",
    "enum": lambda rule, value: f"expected one of {_listed(rule)}; {found(value)}",
    "const": lambda rule, value: f"expected {_literal(rule)}, {found(value)}",
    "minimum": lambda rule, value: f"expected at least {show(rule)}, found {show(value)}",
    "maximum": lambda rule, value: f"expected at most {show(rule)}, found {show(value)}",
    "exclusiveMinimum": lambda rule, value: f"expected more than {show(rule)}, found {show(value)}",
    "exclusiveMaximum": lambda rule, value: f"expected less than {show(rule)}, found {show(value)}",
    "multipleOf": lambda rule, value: f"expected a multiple of {show(rule)}, found {show(value)}",
    "minLength": lambda rule, value: _size(rule, value, "least", "characters"),
    "maxLength": lambda rule, value: _size(rule, value, "most", "characters"),
    "minItems": lambda rule, value: _size(rule, value, "least", "items"),
    "maxItems": lambda rule, value: _size(rule, value, "most", "items"),
    "minProperties": lambda rule, value: _size(rule, value, "least", "members"),
    "maxProperties": lambda rule, value: _size(rule, value, "most", "members"),
    "pattern": lambda rule, value: f"expected text matching {rule}, {found(value)}",
    "uniqueItems": lambda rule, value: "expected items that all differ, found some twice",
    "contains": lambda rule, value: "the array has not the items it must contain",
    "propertyNames": lambda rule, value: f"the member name {show(value)} is not allowed",
    "not": lambda rule, value: f"this value is excluded by the schema; {found(value)}",
    "oneOf": lambda rule, value: f"expected exactly one of {len(rule)} alternatives to fit",
    "anyOf": lambda rule, value: f"fits none of {len(rule)} alternatives",
    "unevaluatedItems": lambda rule, value: "items beyond those the schema describes",
    "false": lambda rule, value: f"nothing is allowed here, {found(value)}",
}


def describe(code: str, rule: Any, value: Any) -> str:
    """The message for a value that breaks the keyword `code`, whose value in the schema is
    `rule`."""
    sentence = _SENTENCES.get(code)
    return sentence(rule, value) if sentence else f"breaks the rule {code}; {found(value)}"


def missing(path: str, name: str, because: str | None = None) -> Fault:
    """A required member that is not there; `because` names the member that calls for it."""
    if because is None:
        return Fault(step(path, name), "required", "missing: this member is required")
    return Fault(
        step(path, name), "dependentRequired", f"missing: required when {because} is given"
    )


def unexpected(path: str, name: str, code: str, allowed: Iterable[str]) -> Fault:
    """A member the schema has no place for."""
    names = list(allowed)
    hint = f"allowed are {', '.join(names[:_MOST])}" if names else "no members are allowed"
    return Fault(step(path, name), code, f"unexpected member; {hint}")


def alternatives(path: str, code: str, rule: Any, value: Any, tried: list[list[Fault]]) -> Fault:
    """None of several alternatives fits: say of each what its first obstacle was."""
    reasons = [f"({n}) {_reason(faults[0], path)}" for n, faults in enumerate(tried, 1) if faults]
    text = describe(code, rule, value)
    return Fault(path, code, f"{text}: {'; '.join(reasons[:4])}" if reasons else text)


def _reason(fault: Fault, path: str) -> str:
    text = fault.message if len(fault.message) <= 2 * _LONGEST else fault.message[:150] + "…"
    return text if fault.path == path else f"{fault.path}: {text}"


TOO_DEEP = Fault("", "maxDepth", "nested too deeply to be checked")


def unsayable(value: Any) -> Fault | None:
    """What in `value` is no JSON (a lone surrogate, a foreign object, a name that is no string)."""
    stack: list[tuple[str, Any]] = [("", value)]
    while stack:
        path, item = stack.pop()
        if is_object(item):
            foreign = next((key for key in _keys(item) if not isinstance(key, str)), None)
            if foreign is not None:
                return Fault(path, "type", f"member names are strings, found {foreign!r}")
            stack.extend((step(path, key), child) for key, child in item.items())
        elif is_array(item):
            stack.extend((step(path, index), child) for index, child in enumerate(item))
        elif isinstance(item, str):
            if not item.isascii() and not _encodable(item):
                return Fault(path, "type", "expected Unicode text, found a lone surrogate")
        elif not isinstance(item, (int, float, bool, type(None))):
            return Fault(path, "type", f"expected JSON, found {type(item).__name__}")
    return None


def _keys(item: Any) -> list[Any]:
    return list(item)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
