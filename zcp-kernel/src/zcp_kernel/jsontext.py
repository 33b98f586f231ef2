"""JSON text in and out, exact.

orjson does the work; where it would alter a value (integers beyond 64 bits, which it reads as
floats) the standard library takes over, and what JSON cannot say (NaN, Infinity) is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from decimal import Decimal
from pathlib import PurePath
from typing import Any, TypeGuard, cast

import orjson
from attrs import fields, has

from .errors import ParseError
from .model import Shape, wire_name

MAX_DEPTH = 256
"""How deep a frame may nest."""

Fragment = orjson.Fragment
"""JSON already encoded, to be placed in a larger document as it is."""

_DIGITS = bytes(ord("0") if chr(code).isdigit() and code < 128 else 32 for code in range(256))
_LONG_NUMBER = b"0" * 19
_OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS


def loads(text: bytes) -> Any:
    """Decode one JSON text. Raises `ParseError` (malformed, NaN or Infinity, too deep)."""
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ParseError(f"invalid: not JSON: {error}") from None
    if _has_long_number(text):
        value = _loads_exactly(text)
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise ParseError(f"invalid: nested deeper than {MAX_DEPTH} levels")
    return value


def reload(text: bytes) -> Any:
    """Decode what `dumps` made: `loads` without the checks that only others' texts need."""
    return _loads_exactly(text) if _has_long_number(text) else orjson.loads(text)


def _has_long_number(text: bytes) -> bool:
    # An order of magnitude faster than a regular expression, and this sees every frame.
    return _LONG_NUMBER in text.translate(_DIGITS)


def _loads_exactly(text: bytes) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ParseError(f"invalid: not JSON: {error}") from None


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def salvage(text: bytes) -> Any:
    """What the standard library makes of a text `loads` refused, None if nothing: to find the id
    an error must name."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def dumps(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """Encode a value. Raises `ValueError` for what JSON cannot say."""
    text = redump(value, default)
    if b"null" in text and has_unsayable(value):
        raise ValueError("invalid: NaN and Infinity are not JSON; send null or a string instead")
    return text


def redump(value: Any, default: Callable[[Any], Any] | None = None) -> bytes:
    """Encode what came from JSON or was encoded before: `dumps` without the search for NaN."""
    try:
        return orjson.dumps(value, default or plain, _OPTIONS)
    except TypeError as error:
        if "64-bit" not in str(error):
            raise ValueError(f"invalid: not serialisable as JSON: {error}") from None
        return _dumps_exactly(value, default or plain)


def _dumps_exactly(value: Any, default: Callable[[Any], Any]) -> bytes:
    def fallback(item: Any) -> Any:
        if isinstance(item, Fragment):
            return json.loads(orjson.dumps(item))
        return default(item)

    try:
        return json.dumps(
            value, default=fallback, allow_nan=False, ensure_ascii=False, separators=(",", ":")
        ).encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"invalid: not serialisable as JSON: {error}") from None


def plain(value: Any) -> Any:
    """JSON-able form of what orjson does not know: sets, decimals, paths, classes with members.

    Protocol shapes take their wire names; all other classes keep the names they have.
    """
    shape = cast("Any", type(value))
    if isinstance(value, Shape):
        members = {
            wire_name(f.name): item
            for f in fields(shape)
            if (item := getattr(value, f.name)) is not None and f.metadata.get("wire", True)
        }
        kind = getattr(shape, "type", None)
        return {"type": kind, **members} if isinstance(kind, str) else members
    if has(shape):
        return {f.name: getattr(value, f.name) for f in fields(shape)}
    dump = getattr(value, "model_dump", None)
    if dump is not None:
        return dump(mode="json")
    declared = getattr(value, "__dataclass_fields__", None)
    if declared is not None:
        return {name: getattr(value, name) for name in declared}
    if isinstance(value, (set, frozenset)):
        return sorted(cast("Iterable[Any]", value), key=repr)
    if isinstance(value, (Decimal, PurePath)):
        return str(value)
    if isinstance(value, tuple) and hasattr(shape, "_asdict"):
        return cast("Any", value)._asdict()
    raise TypeError(f"{shape.__qualname__} has no JSON form")


def has_unsayable(value: Any) -> bool:
    """Whether a NaN or an infinity is anywhere in `value`."""
    stack: list[Any] = [value]
    while stack:
        item = stack.pop()
        if isinstance(item, float):
            if not math.isfinite(item):
                return True
        elif is_object(item):
            stack.extend(item.values())
        elif isinstance(item, (list, tuple, set, frozenset)):
            stack.extend(cast("Iterable[Any]", item))
        elif not isinstance(item, (str, int, bytes, type(None), Fragment)):
            try:
                stack.append(plain(item))
            except TypeError:
                continue
    return False


def _depth(value: Any) -> int:
    deepest = 0
    stack: list[tuple[Any, int]] = [(value, 1)]
    while stack:
        item, level = stack.pop()
        deepest = max(deepest, level)
        if is_object(item):
            stack.extend((child, level + 1) for child in item.values())
        elif is_list(item):
            stack.extend((child, level + 1) for child in item)
    return deepest


def is_object(value: Any) -> TypeGuard[dict[str, Any]]:
    """Whether a decoded JSON value is an object."""
    return isinstance(value, dict)


def is_list(value: Any) -> TypeGuard[list[Any]]:
    """Whether a decoded JSON value is a list."""
    return isinstance(value, list)
