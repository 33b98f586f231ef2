"""Why a value could not be converted, as faults with their places."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cattrs import BaseValidationError
from cattrs.errors import AttributeValidationNote, IterableValidationNote

from ...errors import Fault
from ..schema.messages import path_of, step


def faults_of(error: BaseException, path: str) -> Iterator[Fault]:
    """The faults one failed conversion stands for; groups are taken apart."""
    if isinstance(error, BaseValidationError):
        for part in error.exceptions:
            yield from faults_of(part, _further(path, part))
        return
    if isinstance(error, KeyError):
        yield Fault(path, "required", "missing, or not one of the names known here")
        return
    listed = getattr(error, "errors", None)
    if callable(listed):
        yield from _pydantic(listed(), path)
        return
    yield Fault(path, "conversion", str(error) or type(error).__name__)


def _further(path: str, error: BaseException) -> str:
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return step(path, note.name)
        if isinstance(note, IterableValidationNote):
            return step(path, note.index)
    return path


def _pydantic(listed: Any, path: str) -> Iterator[Fault]:
    for entry in listed:
        place = path_of(entry.get("loc", ()))
        dot = "." if place and not place.startswith("[") else ""
        yield Fault(f"{path}{dot}{place}", str(entry.get("type")), str(entry.get("msg")))
