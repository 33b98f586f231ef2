"""What a model reads of a result: data, a reference to what was kept, or an error."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

_ERROR = re.compile(
    r"^(?:error\b|step \w+ \(|\d+ validation error|not_found:|invalid:|missing:|expired:"
    r"|no \w+ '|there is (?:a|no) )",
    re.I,
)
_STEP = re.compile(r"step (?P<id>\w+) \((?P<tool>[\w.-]+)\) failed: (?P<said>.*)")
_DONE = re.compile(r"^(?P<id>\w+): done(?:, kept as (?P<handle>\S+))?$", re.MULTILINE)
_CHOICES = re.compile(r"'(?P<wrong>[^']*)'(?: in '[^']*')?; there is: (?P<known>[^\n]*)")


def failed(text: str) -> bool:
    return _ERROR.match(text) is not None


@dataclass(frozen=True)
class Stopped:
    """A list of calls that stopped: at which step, why, and where the results before it are."""

    step: str
    said: str
    kept: dict[str, str]


def stopped(text: str) -> Stopped | None:
    at = _STEP.search(text)
    if at is None:
        return None
    kept = {done["id"]: done["handle"] or "" for done in _DONE.finditer(text)}
    return Stopped(at["id"], at["said"], kept)


def mended(arguments: dict[str, Any], error: str) -> dict[str, Any] | None:
    """The arguments with the name that was wrong replaced by the nearest that there is; None if the
    error does not tell."""
    at = _CHOICES.search(error)
    if at is None:
        return None
    known = [each.strip() for each in at["known"].split(",")]
    lower = {each.lower(): each for each in known}
    near = get_close_matches(at["wrong"].lower(), lower, 1, 0.5)
    if not near:
        return None

    def with_right(value: Any) -> Any:
        if isinstance(value, list):
            return [with_right(each) for each in value]
        return lower[near[0]] if value == at["wrong"] else value

    changed = {name: with_right(value) for name, value in arguments.items()}
    return changed if changed != arguments else None


@dataclass(frozen=True)
class Seen:
    """A result as the model has it: `value`, if it could read one, and the `handle` it is kept
    under, if it is kept."""

    value: Any
    handle: str | None = None

    def whole(self) -> Any:
        """What stands for all of it in an argument."""
        return self.value if self.handle is None else {"$handle": self.handle}

    def member(self, name: str) -> Any:
        """What stands for a member of its first record, or for the single value it is."""
        if self.handle is not None:
            return {"$handle": self.handle, "pointer": pointer(name)}
        value = self.value
        if isinstance(value, list) and value:
            value = value[0]
        return value.get(name, value) if isinstance(value, dict) else value


def pointer(name: str) -> str:
    return f"/0/{name.replace('~', '~0').replace('/', '~1')}" if name else ""


def seen(text: str) -> Seen:
    """A result's text as data: JSON, several JSON texts one after the other, a table, or text."""
    values = list(_values(text))
    if len(values) == 1:
        only = values[0]
        if isinstance(only, dict) and isinstance(only.get("$handle"), str):
            return Seen(only.get("preview"), only["$handle"])
        return Seen(only)
    if values:
        return Seen(values)
    return Seen(_table(text) or text)


def _values(text: str) -> Iterator[Any]:
    decoder, at = json.JSONDecoder(), 0
    found: list[Any] = []
    while at < len(text):
        try:
            value, at = decoder.raw_decode(text, at)
        except ValueError:
            return
        found.append(value)
        while at < len(text) and text[at].isspace():
            at += 1
    yield from found


def _table(text: str) -> list[dict[str, Any]] | None:
    lines = [line.split("\t") for line in text.split("\n")]
    if len(lines) < 2 or len(lines[0]) < 2 or any(len(each) != len(lines[0]) for each in lines):
        return None
    return [dict(zip(lines[0], map(_cell, each), strict=True)) for each in lines[1:]]


def _cell(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
