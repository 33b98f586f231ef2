"""Telling type hints apart."""

from __future__ import annotations

import types
from collections.abc import (
    Collection,
    Iterable,
    Mapping,
    MutableMapping,
    MutableSequence,
    MutableSet,
    Sequence,
)
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Annotated, Any, NewType, TypeVar, Union, get_args, get_origin

from ..schema.values import is_array

ARRAYS: frozenset[Any] = frozenset({list, Sequence, MutableSequence, Iterable, Collection})
SETS: frozenset[Any] = frozenset({set, frozenset, AbstractSet, MutableSet})
OBJECTS: frozenset[Any] = frozenset({dict, Mapping, MutableMapping})
SCALARS: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def is_union(hint: Any) -> bool:
    return get_origin(hint) in (Union, types.UnionType)


def is_enum(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, Enum)


def is_pydantic(hint: Any) -> bool:
    """Told by its methods, so that pydantic is never imported from here."""
    return (
        isinstance(hint, type)
        and hasattr(hint, "model_json_schema")
        and hasattr(hint, "model_validate")
    )


def is_alias(hint: Any) -> bool:
    """Whether `hint` was made by a `type` statement (Python 3.12)."""
    return type(hint).__name__ == "TypeAliasType"


def bare(hint: Any) -> Any:
    """`hint` without `Annotated`, `NewType`, type variables and aliases around it."""
    while is_alias(hint := bare_but_alias(hint)):
        hint = hint.__value__
    return hint


def bare_but_alias(hint: Any) -> Any:
    """`bare`, but a `type` alias stays: it may be recursive."""
    while True:
        if get_origin(hint) is Annotated:
            hint = get_args(hint)[0]
        elif isinstance(hint, NewType):
            hint = hint.__supertype__
        elif isinstance(hint, TypeVar):
            hint = hint.__bound__ or Any
        else:
            return hint


def notes(hint: Any) -> list[Any]:
    """What `Annotated` says about `hint`, outermost last; a note's own `metadata` comes along."""
    found: list[Any] = []
    while True:
        if get_origin(hint) is Annotated:
            hint, *said = get_args(hint)
            found[:0] = [part for note in said for part in (*_inner(note), note)]
        elif isinstance(hint, NewType):
            hint = hint.__supertype__
        else:
            return found


def _inner(note: Any) -> list[Any]:
    metadata: Any = getattr(note, "metadata", None)
    return list(metadata) if is_array(metadata) else []


def enum_values(cls: type[Enum]) -> list[Any] | None:
    """The members' values where JSON can say them all, None where their names must do."""
    values = [member.value for member in cls]
    plain = all(isinstance(value, (str, int, float, bool, type(None))) for value in values)
    return values if plain else None
