"""Patterns of JSON Schema (ECMA-262) for Python's `re`: translated exactly, or refused.

`re` backtracks. A repeat without end inside another one may take exponential time: refused. Several
beside each other take a power of the text's length: such a pattern matches no text longer than
what can be searched in 2**24 steps (4,096 characters for a square, 256 for a cube).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from math import log2
from typing import Any

from attrs import define, frozen

from ...errors import SchemaRefused

parser: Any = import_module("re._parser")
ops: Any = import_module("re._constants")

_SPACES = r"\t\n\x0b\x0c\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"
_CLASSES = {
    "d": "0-9",
    "w": "A-Za-z0-9_",
    "s": _SPACES,
}
_PLAIN_ESCAPES = frozenset("tnrfv")
_MANY = 100
"""Repeats counted higher than this are taken as endless."""
_STEPS = 24
"""A failing search may take about two to the power of this many steps."""
_SHORTEST = 64
"""A pattern that could look at no text longer than this is refused."""

_UNBOUNDED = "its backtracking cannot be bounded"
_DIFFERENT = "Python reads it differently from ECMA-262"


def translate(pattern: str) -> str:
    """The Python pattern that matches what `pattern` does.

    Raises `SchemaRefused` when there is none, or when matching it could take unbounded time.
    """
    try:
        text = "".join(_Reader(pattern).pieces())
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            tree: list[Any] = list(parser.parse(text))
            re.compile(text)
        return _limited(text, _search_cost(tree))
    except _UnsureError as reason:
        raise _refused(pattern, str(reason)) from None
    except (re.error, Warning, OverflowError, RecursionError) as reason:
        raise _refused(pattern, f"{_DIFFERENT} or not at all ({reason})") from None


class _UnsureError(Exception):
    pass


def _refused(pattern: str, reason: str) -> SchemaRefused:
    return SchemaRefused(f"pattern {pattern!r}: {reason}", "pattern")


@frozen
class _Cost:
    """Steps of a failing match: length of the text to the `power`, times two to the `bits`."""

    power: int = 0
    bits: float = 0.0

    def times(self, count: int) -> _Cost:
        return _Cost(self.power * count, self.bits * count)

    def __add__(self, other: _Cost) -> _Cost:
        return _Cost(self.power + other.power, self.bits + other.bits)


def _limited(text: str, cost: _Cost) -> str:
    if cost.bits > _STEPS - 4:
        raise _UnsureError(_UNBOUNDED)
    if cost.power == 0 or (cost.power == 1 and cost.bits <= _STEPS / 3):
        return text
    longest = int(2 ** ((_STEPS - cost.bits) / cost.power))
    if longest < _SHORTEST:
        raise _UnsureError(_UNBOUNDED)
    return rf"\A(?=[\s\S]{{0,{longest}}}\Z)[\s\S]*?(?:{text})"


@define
class _Reader:
    """Reads an ECMA-262 pattern piece by piece."""

    pattern: str
    at: int = 0

    def pieces(self) -> Iterator[str]:
        while self.at < len(self.pattern):
            yield self._piece()

    def _next(self, count: int = 1) -> str:
        piece = self.pattern[self.at : self.at + count]
        self.at += count
        return piece

    def _piece(self) -> str:
        char = self._next()
        if char == "\\":
            return self._escape(inside=False)
        if char == "[":
            return self._set()
        if char == "(":
            return self._group()
        if char == "{" and self.pattern[self.at : self.at + 1] == ",":
            raise _UnsureError(_DIFFERENT)
        return {"$": r"\Z", ".": r"[^\n\r\u2028\u2029]"}.get(char, char)

    def _group(self) -> str:
        if self.pattern[self.at : self.at + 1] != "?":
            return "("
        for opening in ("?:", "?=", "?!", "?<=", "?<!"):
            if self.pattern.startswith(opening, self.at):
                return "(" + self._next(len(opening))
        raise _UnsureError(_DIFFERENT)

    def _set(self) -> str:
        negated = self._next() if self.pattern[self.at : self.at + 1] == "^" else ""
        pieces: list[str] = []
        while (char := self._next()) != "]":
            if not char:
                raise _UnsureError("a [ is never closed")
            pieces.append(self._escape(inside=True) if char == "\\" else self._member(char))
        if not pieces:
            raise _UnsureError(_DIFFERENT)
        return f"[{negated}{''.join(pieces)}]"

    @staticmethod
    def _member(char: str) -> str:
        if char.isalnum() or char in "_- " or ord(char) > 0xFFFF:
            return char
        return f"\\u{ord(char):04x}"

    def _escape(self, *, inside: bool) -> str:
        char = self._next()
        if char in _CLASSES:
            return _CLASSES[char] if inside else f"[{_CLASSES[char]}]"
        if char.lower() in _CLASSES and not inside:
            return f"[^{_CLASSES[char.lower()]}]"
        if char in _PLAIN_ESCAPES:
            return "\\" + char
        if char in "bB" and char and not inside:
            return _BOUNDARIES[char]
        if char in "xu" and char:
            return self._code_point(2 if char == "x" else 4)
        if char == "0" and not self.pattern[self.at : self.at + 1].isdecimal():
            return r"\x00"
        if char and char.isascii() and not char.isalnum():
            return f"\\x{ord(char):02x}"
        raise _UnsureError(_DIFFERENT)

    def _code_point(self, digits: int) -> str:
        text = self._next(digits)
        if not re.fullmatch(rf"[0-9A-Fa-f]{{{digits}}}", text) or 0xD800 <= int(text, 16) < 0xE000:
            raise _UnsureError(_DIFFERENT)
        return f"\\u{int(text, 16):04x}"


_WORD = _CLASSES["w"]
_BOUNDARIES = {
    "b": f"(?:(?<=[{_WORD}])(?![{_WORD}])|(?<![{_WORD}])(?=[{_WORD}]))",
    "B": f"(?:(?<=[{_WORD}])(?=[{_WORD}])|(?<![{_WORD}])(?![{_WORD}]))",
}


def _search_cost(tree: list[Any]) -> _Cost:
    """What a failing search costs; `_UnsureError` where that may be exponential."""
    if _ambiguous(tree, endless=False):
        raise _UnsureError(_UNBOUNDED)
    anchored = bool(tree) and tree[0] == (ops.AT, ops.AT_BEGINNING)
    return _cost(tree) + _Cost(power=0 if anchored else 1)


def _cost(tree: Any) -> _Cost:
    """The ways there are to match `tree`: those of its parts multiply."""
    total = _Cost()
    for op, argument in tree:
        if op in _REPEATS:
            total += _repeat_cost(*argument)
        elif op is ops.BRANCH:
            total += _branch_cost([_cost(branch) for branch in argument[1]])
        elif op in _PARTS:
            total += sum((_cost(part) for part in _PARTS[op](argument)), _Cost())
    return total


def _repeat_cost(least: int, most: int, part: Any) -> _Cost:
    if most > _MANY:
        return _cost(part).times(min(least, _MANY)) + _Cost(power=int(most > least))
    return _cost(part).times(most) + _Cost(bits=log2(most - least + 1))


def _branch_cost(branches: list[_Cost]) -> _Cost:
    bits = max(branch.bits for branch in branches) + log2(len(branches))
    return _Cost(max(branch.power for branch in branches), bits)


def _repeats(tree: Any) -> Iterator[tuple[Any, bool]]:
    """Every part directly inside `tree`, and whether it repeats without end."""
    for op, argument in tree:
        if op in _REPEATS:
            yield argument[2], argument[1] > _MANY and argument[1] > argument[0]
        elif op in _PARTS:
            yield from ((part, False) for part in _PARTS[op](argument))
        elif op not in _LEAVES:
            raise _UnsureError(_DIFFERENT)


_REPEATS: set[Any] = {ops.MAX_REPEAT, ops.MIN_REPEAT}
_LEAVES: set[Any] = {ops.LITERAL, ops.NOT_LITERAL, ops.IN, ops.AT, ops.ANY}
_PARTS: dict[Any, Callable[[Any], list[Any]]] = {
    ops.SUBPATTERN: lambda found: [found[3]],
    ops.BRANCH: lambda found: list(found[1]),
    ops.ASSERT: lambda found: [found[1]],
    ops.ASSERT_NOT: lambda found: [found[1]],
}


def _ambiguous(tree: Any, *, endless: bool) -> bool:
    """Whether a part that can match in several lengths repeats without end."""
    if endless and any(_varies(op, argument) for op, argument in tree):
        return True
    return any(_ambiguous(part, endless=endless or again) for part, again in _repeats(tree))


def _varies(op: Any, argument: Any) -> bool:
    return op is ops.BRANCH or (op in _REPEATS and argument[0] != argument[1])
