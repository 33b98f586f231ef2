"""Values of a section's fields: from data strictly, from text by the field's type."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import NoneType, UnionType
from typing import Any, Literal, Union, cast, get_args, get_origin

from cattrs import Converter
from cattrs.errors import StructureHandlerNotFoundError

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class DecodeError(ValueError):
    """A value does not fit its field; the text says what was expected."""


def from_data(value: Any, wanted: Any) -> Any:
    """Data of a TOML file or a mapping; no type is converted into another."""
    return _structured(_strict, value, wanted)


def from_text(text: str, wanted: Any) -> Any:
    """The value of an environment variable."""
    return _structured(_textual, text, wanted)


def describe(wanted: Any, *, textual: bool = False) -> str:
    """What a field takes, in words."""
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is Literal:
        return "one of " + ", ".join(map(str, arguments))
    if origin in (Union, UnionType):
        return " or ".join(
            describe(one, textual=textual) for one in arguments if one is not NoneType
        )
    if origin in (tuple, list, set, frozenset):
        items = describe(arguments[0], textual=textual)
        return f"a comma-separated list, each {items}" if textual else f"a list, each {items}"
    if origin is dict:
        return "comma-separated key=value pairs" if textual else "a table"
    if wanted is bool:
        return "true, false, 1 or 0" if textual else "true or false"
    words: dict[Any, str] = {int: "an integer", float: "a number", str: "a string"}
    return words.get(wanted) or str(getattr(wanted, "__name__", wanted))


def _structured(converter: Converter, value: Any, wanted: Any) -> Any:
    try:
        return converter.structure(value, wanted)
    except StructureHandlerNotFoundError:
        raise DecodeError(f"{describe(wanted)} (not settable from here)") from None
    except Exception:  # cattrs raises a bare Exception for a value outside a Literal
        raise DecodeError(describe(wanted, textual=converter is _textual)) from None


def _exactly(kind: type) -> Callable[[Any, Any], Any]:
    def check(value: Any, _: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"not {kind.__name__}")
        return value

    return check


def _number(value: Any, _: Any) -> float:
    if type(value) not in (int, float):
        raise TypeError("not a number")
    return float(value)


def _boolean(text: Any, _: Any) -> bool:
    try:
        return _BOOLEANS[str(text).strip().lower()]
    except KeyError:
        raise ValueError("not a boolean") from None


def _is_collection(wanted: Any) -> bool:
    return get_origin(wanted) in (tuple, list, set, frozenset)


def _is_table(wanted: Any) -> bool:
    return get_origin(wanted) is dict


def _split(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _collection(text: Any, wanted: Any) -> Any:
    origin = get_origin(wanted)
    item = get_args(wanted)[0]
    assert origin is not None
    return origin(_textual.structure(part, item) for part in _split(text))


def _list_not_string(value: Any, wanted: Any) -> Any:
    if not isinstance(value, (list, tuple, set, frozenset)):
        raise TypeError("not a list")
    origin = get_origin(wanted)
    assert origin is not None
    of = get_args(wanted)[0]
    return origin(_strict.structure(one, of) for one in cast("Iterable[Any]", value))


def _table(text: Any, wanted: Any) -> dict[Any, Any]:
    key_type, value_type = get_args(wanted)
    pairs = [part.partition("=") for part in _split(text)]
    if not all(separator for _, separator, _ in pairs):
        raise ValueError("no key=value")
    return {
        _textual.structure(key.strip(), key_type): _textual.structure(value.strip(), value_type)
        for key, _, value in pairs
    }


def _strict_converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=False)
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _exactly(kind))
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook_func(_is_collection, _list_not_string)
    return converter


def _textual_converter() -> Converter:
    converter = Converter(forbid_extra_keys=True, detailed_validation=False)
    converter.register_structure_hook(bool, _boolean)
    converter.register_structure_hook_func(_is_collection, _collection)
    converter.register_structure_hook_func(_is_table, _table)
    return converter


_strict = _strict_converter()
_textual = _textual_converter()
