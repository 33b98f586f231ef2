"""The members of classes that stand for JSON objects: dataclasses, attrs, TypedDict, NamedTuple."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, NotRequired, Required, get_args, get_origin, get_type_hints, is_typeddict

import attrs
from attrs import frozen

from . import docstrings

MISSING: Any = object()
"""No default."""


@frozen
class Member:
    """One member of an object: its hint, default (`MISSING`: none to show) and description."""

    name: str
    hint: Any
    required: bool
    default: Any = MISSING
    description: str | None = None


def members_of(cls: Any) -> list[Member] | None:
    """The members of `cls`, None when it is no such class. Raises `NameError` and others where
    its hints cannot be resolved."""
    for applies, read in _READERS:
        if applies(cls):
            hints = get_type_hints(cls, include_extras=True)
            texts = docstrings.parse(own_docstring(cls)).parameters
            return [
                attrs.evolve(member, description=member.description or texts.get(member.name))
                for member in read(cls, hints)
            ]
    return None


def own_docstring(cls: type[Any]) -> str | None:
    """The docstring written for the class, not one inherited or generated."""
    text = vars(cls).get("__doc__")
    if not isinstance(text, str):
        return None
    made = hasattr(cls, "__dataclass_fields__") or is_namedtuple(cls)
    return None if made and text.startswith(f"{cls.__name__}(") else text


def is_namedtuple(cls: Any) -> bool:
    return isinstance(cls, type) and tuple in cls.__mro__ and hasattr(cls, "_fields")


def _described(metadata: Mapping[Any, Any]) -> str | None:
    text = metadata.get("description")
    return text if isinstance(text, str) else None


def _dataclass(cls: Any, hints: dict[str, Any]) -> list[Member]:
    return [
        Member(
            field.name,
            hints[field.name],
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING,
            MISSING if field.default is dataclasses.MISSING else field.default,
            _described(field.metadata),
        )
        for field in dataclasses.fields(cls)
        if field.init
    ]


def _attrs(cls: Any, hints: dict[str, Any]) -> list[Member]:
    return [
        Member(
            field.name,
            hints.get(field.name, Any),
            field.default is attrs.NOTHING,
            MISSING if _is_generated(field.default) else field.default,
            _described(field.metadata),
        )
        for field in attrs.fields(cls)
        if field.init
    ]


def _is_generated(default: Any) -> bool:
    return default is attrs.NOTHING or isinstance(default, attrs.Factory)  # type: ignore[arg-type]


def _typed_dict(cls: Any, hints: dict[str, Any]) -> list[Member]:
    return [
        Member(name, _unwrapped(hint), _is_required(hint, name in cls.__required_keys__))
        for name, hint in hints.items()
    ]


def _is_required(hint: Any, otherwise: bool) -> bool:
    """With string annotations `__required_keys__` misses what the wrapper says."""
    return {Required: True, NotRequired: False}.get(get_origin(hint), otherwise)


def _unwrapped(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) in (Required, NotRequired) else hint


def _named_tuple(cls: Any, hints: dict[str, Any]) -> list[Member]:
    defaults = cls._field_defaults
    return [
        Member(name, hints.get(name, Any), name not in defaults, defaults.get(name, MISSING))
        for name in cls._fields
    ]


_READERS: list[tuple[Callable[[Any], bool], Callable[[Any, dict[str, Any]], list[Member]]]] = [
    (is_typeddict, _typed_dict),
    (is_namedtuple, _named_tuple),
    (lambda cls: isinstance(cls, type) and dataclasses.is_dataclass(cls), _dataclass),
    (lambda cls: isinstance(cls, type) and attrs.has(cls), _attrs),
]
