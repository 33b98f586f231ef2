"""Decoding hooks for scalars and containers. Nothing is coerced: "3" is no integer, true no 1."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import Fault
from ...jsontext import is_list, is_object
from .faults import MAX_FAULTS, MismatchError, faults_of, under, wrong_type

Hook = Callable[[Any, Any], Any]
"""A cattrs structure hook: the value and its type in, the decoded value out."""


def text(value: Any, _: Any = None) -> str:
    if isinstance(value, str):
        return value
    raise wrong_type("a string", value)


def integer(value: Any, _: Any = None) -> int:
    """An integer; 3.0 is one too (JSON Schema 2020-12 core, section 4.2.3)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    raise wrong_type("an integer", value)


def number(value: Any, _: Any = None) -> float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise wrong_type("a number", value)


def boolean(value: Any, _: Any = None) -> bool:
    if isinstance(value, bool):
        return value
    raise wrong_type("a boolean", value)


def text_or_integer(value: Any, _: Any = None) -> str | int:
    """A request id or a progress token: echoed, so never converted."""
    if isinstance(value, (str, int)) and not isinstance(value, bool):
        return value
    raise wrong_type("a string or an integer", value)


def anything(value: Any, _: Any = None) -> Any:
    return value


def mapping(value: Any, _: Any = None) -> dict[str, Any]:
    if is_object(value):
        return value
    raise wrong_type("an object", value)


def sequence(value: Any, _: Any = None) -> list[Any]:
    if is_list(value):
        return value
    raise wrong_type("a list", value)


SCALARS: dict[Any, Hook] = {
    str: text,
    int: integer,
    float: number,
    bool: boolean,
    dict: mapping,
    list: sequence,
    Any: anything,
    object: anything,
}


def choice(allowed: tuple[Any, ...]) -> Hook:
    """One of these literals, of the very same type."""
    shown = ", ".join(map(str, allowed))

    def pick(value: Any, _: Any = None) -> Any:
        if any(value == item and type(value) is type(item) for item in allowed):
            return value
        raise MismatchError([Fault("", "enum", f"must be one of {shown}")])

    return pick


def optional(hook: Hook) -> Hook:
    """null counts as absent."""
    if hook is mapping:
        return _mapping_or_none

    def maybe(value: Any, kind: Any = None) -> Any:
        return None if value is None else hook(value, kind)

    return maybe


def _mapping_or_none(value: Any, _: Any = None) -> dict[str, Any] | None:
    """`optional(mapping)` in one step: arguments and metadata of every call come through here."""
    return value if value is None or value.__class__ is dict else mapping(value)


def list_of(item: Hook, *, collect: bool) -> Hook:
    def fast(value: Any, _: Any = None) -> list[Any]:
        return [item(element, None) for element in sequence(value)]

    def collecting(value: Any, _: Any = None) -> list[Any]:
        faults: list[Fault] = []
        decoded: list[Any] = []
        for index, element in enumerate(sequence(value)):
            try:
                decoded.append(item(element, None))
            except Exception as error:
                faults += under(f"[{index}]", faults_of(error))
            if len(faults) >= MAX_FAULTS:
                break
        if faults:
            raise MismatchError(faults)
        return decoded

    return collecting if collect else fast


def dict_of(item: Hook, *, collect: bool) -> Hook:
    def fast(value: Any, _: Any = None) -> dict[str, Any]:
        return {name: item(member, None) for name, member in mapping(value).items()}

    def collecting(value: Any, _: Any = None) -> dict[str, Any]:
        faults: list[Fault] = []
        decoded: dict[str, Any] = {}
        for name, member in mapping(value).items():
            try:
                decoded[name] = item(member, None)
            except Exception as error:
                faults += under(name, faults_of(error))
            if len(faults) >= MAX_FAULTS:
                break
        if faults:
            raise MismatchError(faults)
        return decoded

    return collecting if collect else fast
