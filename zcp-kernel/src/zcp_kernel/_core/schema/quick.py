"""What a glance at a value tells: which schemas cannot fit it, which alternative was meant."""

from __future__ import annotations

from typing import Any

from .messages import kind_of
from .values import is_array, is_object
from .walk import local_target

_HOPS = 8


def fails_at_once(node: dict[str, Any], value: Any) -> bool:
    """Whether a keyword that costs nothing rules the value out: those are checked first."""
    if _wrong_type(node.get("type"), value) or _wrong_value(node, value):
        return True
    if not is_object(value):
        return False
    if any(name not in value for name in node.get("required", ())):
        return True
    return any(
        name in value and is_object(schema) and _wrong_value(schema, value[name])
        for name, schema in node.get("properties", {}).items()
    )


def _wrong_value(node: dict[str, Any], value: Any) -> bool:
    if is_object(value) or is_array(value):
        return False
    if "const" in node and node["const"] != value:
        return True
    return "enum" in node and value not in node["enum"]


def _wrong_type(rule: Any, value: Any) -> bool:
    if rule is None:
        return False
    names = [rule] if isinstance(rule, str) else rule
    kind = kind_of(value)
    return kind not in names and not (kind in ("integer", "number") and "number" in names)


def meant(root: Any, branches: list[Any], value: Any) -> int | None:
    """Which of several alternatives an object or array was meant for: the only one a glance does
    not rule out, None when there is no such one."""
    if not (is_object(value) or is_array(value)):
        return None
    left = [
        index
        for index, branch in enumerate(branches)
        if branch is not False and not fails_at_once(_resolved(root, branch), value)
    ]
    return left[0] if len(left) == 1 else None


def _resolved(root: Any, node: Any) -> dict[str, Any]:
    for _ in range(_HOPS):
        if not is_object(node):
            return {}
        if "$ref" not in node:
            break
        node = local_target(root, node["$ref"])
    return node if is_object(node) else {}
