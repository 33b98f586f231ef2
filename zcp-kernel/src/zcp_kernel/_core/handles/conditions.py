"""`where` of `handles/read`: which items of a list are wanted."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

from ...errors import Fault, InvalidParams
from .kinds import is_list, is_object

MAX_CONDITIONS = 16

Condition = Callable[[Any], bool]


def conditions(where: list[dict[str, Any]]) -> Condition:
    """All of `where` as one test of an item.

    `field` names a member of the item (absent or empty: the item itself); a missing member counts
    as null. `eq` and `ne` compare as JSON does (1 equals 1.0, true is no number); `lt le gt ge`
    hold only between two numbers or two strings (by code point); `contains` looks for a piece of a
    string, an element of a list or a member name of an object. Raises `InvalidParams` with every
    fault.
    """
    faults: list[Fault] = []
    if len(where) > MAX_CONDITIONS:
        faults.append(Fault("where", "maxItems", f"at most {MAX_CONDITIONS} conditions"))
    tests = [_condition(index, one, faults) for index, one in enumerate(where[:MAX_CONDITIONS])]
    if faults:
        raise InvalidParams("invalid: where", faults)
    return lambda item: all(test(item) for test in tests)


def _condition(index: int, given: Any, faults: list[Fault]) -> Condition:
    path = f"where[{index}]"
    if not is_object(given) or "value" not in given:
        faults.append(Fault(path, "required", "an object {field, op, value}"))
        return bool
    field, op, wanted = given.get("field"), given.get("op", "eq"), given["value"]
    if not isinstance(op, str) or op not in OPERATORS:
        faults.append(Fault(f"{path}.op", "enum", f"one of {' '.join(OPERATORS)}"))
        return bool
    if field is not None and not isinstance(field, str):
        faults.append(Fault(f"{path}.field", "type", "the name of a member"))
        return bool
    holds = OPERATORS[op]
    if not field:
        return lambda item: holds(item, wanted)
    return lambda item: holds(item.get(field) if is_object(item) else None, wanted)


def same(left: Any, right: Any) -> bool:
    """Equality of JSON values (JSON Schema 2020-12 core, section 4.2.2)."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if is_list(left) and is_list(right):
        return len(left) == len(right) and all(map(same, left, right))
    if is_object(left) and is_object(right):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    return bool(left == right)


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def holds(item: Any, wanted: Any) -> bool:
        return _comparable(item, wanted) and compare(item, wanted)

    return holds


def _comparable(left: Any, right: Any) -> bool:
    if isinstance(left, str):
        return isinstance(right, str)
    return _is_number(left) and _is_number(right)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _contains(item: Any, wanted: Any) -> bool:
    if isinstance(item, str) or is_object(item):
        return isinstance(wanted, str) and wanted in item
    return is_list(item) and any(same(each, wanted) for each in item)


OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": same,
    "ne": lambda item, wanted: not same(item, wanted),
    "lt": _ordered(operator.lt),
    "le": _ordered(operator.le),
    "gt": _ordered(operator.gt),
    "ge": _ordered(operator.ge),
    "contains": _contains,
}
