"""Conversion of single values, by cattrs."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from pathlib import Path, PurePath
from typing import Any, cast, get_args, get_origin
from uuid import UUID

import cattrs
from cattrs import cols

from ...errors import Fault
from ...validation import ValidationFailure
from ..schema.values import is_object
from . import kinds
from .failures import faults_of
from .members import is_namedtuple, members_of

Hook = Callable[[Any, Any], Any]

_READERS: dict[Any, Callable[[Any], Any]] = {
    datetime: datetime.fromisoformat,
    date: date.fromisoformat,
    time: time.fromisoformat,
    UUID: UUID,
    Path: Path,
    PurePath: PurePath,
    Decimal: lambda value: Decimal(str(value)),
    bytes: lambda text: base64.b64decode(text, validate=True),
}


def converted(arguments: dict[str, Any], hints: dict[str, Any]) -> dict[str, Any]:
    """`arguments`, those named in `hints` converted. Raises `ValidationFailure`."""
    result = dict(arguments)
    faults: list[Fault] = []
    for name, hint in hints.items():
        try:
            result[name] = _CONVERTER.structure(arguments[name], hint)
        except Exception as error:  # converters raise what they like; all of it is a bad value
            faults.extend(faults_of(error, name))
    if faults:
        raise ValidationFailure(faults)
    return result


def _union(hint: Any) -> Hook:
    parts = get_args(hint)

    def structure(value: Any, _: Any) -> Any:
        if _is_plain(value, parts):
            return value
        failures: list[Exception] = []
        for part in sorted(parts, key=lambda part: _strangers(value, part)):
            if kinds.bare(part) in kinds.SCALARS:
                continue
            try:
                return _CONVERTER.structure(value, part)
            except Exception as error:  # kept: raised below if no other alternative fits
                failures.append(error)
        raise failures[0] if failures else ValueError(f"fits none of {hint}")

    return structure


def _is_plain(value: Any, parts: tuple[Any, ...]) -> bool:
    """Whether one of the alternatives is the JSON type the value already has."""
    there = [kinds.bare(part) for part in parts]
    if value is None or Any in there or object in there:
        return True
    return type(value) in there or (type(value) is int and float in there)


def _strangers(value: Any, part: Any) -> int:
    """How many members of `value` the alternative does not know: fewest is tried first."""
    members = members_of(get_origin(kinds.bare(part)) or kinds.bare(part))
    if members is None or not is_object(value):
        return 0
    return len(set(value) - {member.name for member in members})


def _enum(cls: type[Enum]) -> Hook:
    by_value = kinds.enum_values(cls) is not None
    return lambda value, _: cls(value) if by_value else cls[value]


def _named_tuple(converter: cattrs.Converter) -> Callable[[Any], Hook]:
    """As an object: the schema shows its members by name."""
    factory = cast("Callable[..., Hook]", cast("Any", cols).namedtuple_dict_structure_factory)
    return lambda cls: factory(cls, converter)


def _validated(cls: Any) -> Hook:
    return lambda value, _: cls.model_validate(value)


def _reader(read: Callable[[Any], Any]) -> Hook:
    return lambda value, _: read(value)


def _as_it_is(value: Any, _: Any) -> Any:
    return value


def _converter() -> cattrs.Converter:
    converter = cattrs.Converter()
    for kind, read in _READERS.items():
        converter.register_structure_hook(kind, _reader(read))
    converter.register_structure_hook_func(lambda hint: hint is object, _as_it_is)
    converter.register_structure_hook_factory(is_namedtuple, _named_tuple(converter))
    converter.register_structure_hook_factory(kinds.is_enum, _enum)
    converter.register_structure_hook_factory(kinds.is_union, _union)
    converter.register_structure_hook_factory(kinds.is_pydantic, _validated)
    return converter


_CONVERTER = _converter()
