"""What a page of the documentation shows: its code, its commands and what they print."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parents[2]
RUNNABLE = ("python", "sh")
SHOWN = "text"


@frozen
class Block:
    """A fenced block that is run, and the `text` block after it that says what it prints."""

    language: str
    source: str
    line: int
    shows: tuple[str, ...] = ()


def pages() -> list[Path]:
    """Those written by hand. The guides have a suite of their own, the reference is generated."""
    found = (ROOT / "docs").rglob("*.md")
    own = [path for path in found if path.parent.name not in ("guides", "reference")]
    return [ROOT / "README.md", *sorted(ROOT.glob("zcp-*/README.md")), *sorted(own)]


def blocks(path: Path) -> list[Block]:
    """The runnable blocks of a page, in order."""
    found: list[Block] = []
    for language, source, line, follows in _fences(path.read_text(encoding="utf-8")):
        if language in RUNNABLE:
            found.append(Block(language, source, line))
        elif language == SHOWN and found and follows == found[-1].line:
            last = found.pop()
            found.append(Block(last.language, last.source, last.line, tuple(source.splitlines())))
    return found


def _fences(text: str) -> Iterator[tuple[str, str, int, int]]:
    """Language, source, first line, and the first line of the fence that came just before it."""
    before, ended = 0, 0
    lines = text.splitlines()
    number = 0
    while number < len(lines):
        opening = re.fullmatch(r"```(\w*)", lines[number])
        number += 1
        if opening is None:
            continue
        start = number
        while lines[number] != "```":
            number += 1
        between = [line for line in lines[ended : start - 1] if line.strip()]
        source = "\n".join(lines[start:number]) + "\n"
        yield opening[1], source, start, before if not between else -1
        before, ended = start, number + 1
        number += 1
