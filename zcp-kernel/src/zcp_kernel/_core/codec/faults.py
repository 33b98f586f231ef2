"""What is wrong with a value, told with paths relative to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cattrs.errors import AttributeValidationNote, BaseValidationError, IterableValidationNote

from ...errors import Fault, InvalidParams
from ...model import wire_name

MAX_FAULTS = 100
"""More than these are not listed: an answer must not outgrow the bad request that caused it."""

MAX_PATH = 200
"""Characters of a path shown in an error's message."""

_JSON_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "a boolean"),
    (str, "a string"),
    (int, "an integer"),
    (float, "a number"),
    (dict, "an object"),
    (list, "a list"),
)


class MismatchError(Exception):
    """A value that does not fit; the paths of `faults` start at the value."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults)
        self.faults = list(faults[:MAX_FAULTS])


def wrong_type(expected: str, value: Any) -> MismatchError:
    """The mismatch of a value of another JSON type than `expected` (such as "a string")."""
    found = next((name for kind, name in _JSON_TYPES if isinstance(value, kind)), "null")
    return MismatchError([Fault("", "type", f"must be {expected}, not {found}")])


def under(head: str, faults: Iterable[Fault]) -> list[Fault]:
    """The same faults, seen from the value that holds this one at `head` (`name` or `[0]`)."""
    return [Fault(join(head, fault.path), fault.code, fault.message) for fault in faults]


def join(head: str, path: str) -> str:
    if not head or not path:
        return head or path
    return head + path if path.startswith("[") else f"{head}.{path}"


def faults_of(error: BaseException) -> list[Fault]:
    """Every fault in what a decoder raised, cattrs' groups included."""
    if isinstance(error, (MismatchError, InvalidParams)):
        found = error.faults or [Fault("", "invalid", str(error))]
    elif isinstance(error, BaseValidationError):
        # cattrs leaves the type of its members open.
        members: tuple[Exception, ...] = error.exceptions
        found = [fault for inner in members for fault in faults_of(inner)]
    elif isinstance(error, KeyError):
        found = [Fault("", "missing", "is required")]
    elif isinstance(error, RecursionError):
        found = [Fault("", "depth", "is nested too deeply")]
    else:
        found = [Fault("", "invalid", "does not fit")]
    return under(_place(error), found)


def _place(error: object) -> str:
    """Where cattrs noted this error: a member's wire name, a list index, or nothing."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return wire_name(note.name)
        if isinstance(note, IterableValidationNote):
            return f"[{note.index}]"
    return ""


def invalid(faults: Sequence[Fault]) -> InvalidParams:
    """The error a peer is told: the first fault in words, all of them in `data.errors`."""
    shown = list(faults[:MAX_FAULTS])
    first = shown[0]
    place = first.path if len(first.path) <= MAX_PATH else first.path[:MAX_PATH] + "…"
    more = f" (and {len(shown) - 1} more)" if len(shown) > 1 else ""
    return InvalidParams(f"invalid: {place or 'value'} {first.message}{more}", shown)
