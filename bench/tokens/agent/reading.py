"""Reading a task: its clauses, and what data each of them mentions."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from .english import words

_CUTS = re.compile(r"(?<=[\w\x01])[.;:?](?:\s+|$)|,? (?:and )?then |, and finally ")
_DATA = re.compile(
    r"""(?P<rows>\[\[.*?\]\])
    |"(?P<quoted>[^"]*)"
    |(?P<file>[\w-]+\.xlsx)
    |(?P<url>https?://[^\s,]+[^\s,.])
    |(?P<formula>=[A-Z]*[(A-Z\d][^\s,;]*[^\s,;.])
    |\b(?P<range>[A-Z]{1,2}\d+:[A-Z]{1,2}\d+)\b
    |\b(?P<cell>[A-Z]{1,2}\d+)\b
    |(?<![\w.])(?P<number>-?\d+(?:\.\d+)?)(?![\w])""",
    re.VERBOSE,
)
_JOINTS = re.compile(r"^(?:,| and| or|, and|, or| to)? ?$")
_NEAR = 4
"""Words in front of a datum that may announce it."""


@dataclass(frozen=True)
class Mention:
    """A datum in a text: what it is, its value, the words before it (nearest first) and the one
    after it. Several in a row under one announcement are one `list`."""

    kind: str
    value: Any
    before: tuple[str, ...]
    after: str


@dataclass(frozen=True)
class Clause:
    """A part of the task that asks for one thing. `saying` is its words without the data."""

    text: str
    saying: str
    mentions: tuple[Mention, ...]
    telling: tuple[str, ...] = field(default=())


def clauses(task: str) -> list[Clause]:
    """The parts of a task that ask for something."""
    kept: list[str] = []

    def hidden(at: re.Match[str]) -> str:
        kept.append(at.group())
        return f"\x00{len(kept) - 1}\x01"

    masked = _DATA.sub(hidden, task)
    parts = [part.strip(" .,;?") for part in _CUTS.split(masked)]
    found = [_clause(part, kept) for part in parts if part]
    return [clause for clause in found if clause.telling]


def _clause(masked: str, kept: list[str]) -> Clause:
    pieces = re.split(r"\x00(\d+)\x01", masked)
    saying = " ".join(pieces[::2])
    text = "".join(kept[int(each)] if at % 2 else each for at, each in enumerate(pieces))
    mentions = list(_mentions(pieces, kept))
    telling = tuple(dict.fromkeys(words(saying)))
    return Clause(text, saying, tuple(mentions), telling)


def _mentions(pieces: list[str], kept: list[str]) -> Iterator[Mention]:
    group: list[Mention] = []
    for at in range(1, len(pieces), 2):
        # A comma parts what belongs to the datum before from what belongs to the one behind.
        announced = pieces[at - 1].rsplit(", ", 1)[-1]
        before = tuple(reversed(re.findall(r"[a-z]+", announced.lower())))[:_NEAR]
        follows = re.findall(r"[a-z]+", pieces[at + 1].split(", ")[0].lower())
        kind, value = _datum(kept[int(pieces[at])])
        one = Mention(kind, value, before, follows[0] if follows else "")
        joined = group and kind == group[0].kind == "quoted" and _JOINTS.match(pieces[at - 1])
        if group and not joined:
            yield _together(group)
            group = []
        group.append(one)
    if group:
        yield _together(group)


def _together(group: list[Mention]) -> Mention:
    if len(group) == 1:
        return group[0]
    values = [mention.value for mention in group]
    return Mention("list", values, group[0].before, group[-1].after)


def _datum(text: str) -> tuple[str, Any]:
    at = _DATA.fullmatch(text)
    assert at is not None
    assert at.lastgroup is not None
    kind, value = at.lastgroup, at[at.lastgroup]
    if kind == "rows":
        return kind, json.loads(value)
    if kind == "number":
        return kind, float(value) if "." in value else int(value)
    return kind, value
