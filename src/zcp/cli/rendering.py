"""Showing things: rich tables on a terminal, aligned text elsewhere, JSON for scripts."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TextIO

from attrs import define, field

from .jsonvalues import entries, is_list, is_object, members

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@define
class Screen:
    """Where a command shows its result (`out`) and what it says beside it (`err`)."""

    out: TextIO
    json: bool = False
    quiet: bool = False
    err: TextIO = field(factory=lambda: sys.stderr)

    def document(self, value: Any) -> None:
        """Show a value as one JSON document."""
        text = json.dumps(value, ensure_ascii=False, indent=2)
        print(_CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text), file=self.out)

    def text(self, text: str) -> None:
        """Show text of a server: as it is, but on a terminal without control characters."""
        print(safe(text) if self.out.isatty() else text, file=self.out)

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Show a table, its first line the names of the columns."""
        rows = [[safe(cell) for cell in row] for row in rows]
        if self.out.isatty():
            _rich_table(self.out, columns, rows)
        else:
            for line in aligned([[name.upper() for name in columns], *rows]):
                print(line, file=self.out)

    def facts(self, facts: Mapping[str, str]) -> None:
        """Show named values, one a line."""
        for line in aligned([[f"{name}:", safe(value)] for name, value in facts.items()]):
            print(line, file=self.out)

    def note(self, text: str) -> None:
        """Say something beside the result, unless told to be quiet."""
        if not self.quiet:
            print(safe(text), file=self.err, flush=True)

    def problem(self, text: str) -> None:
        """Say what went wrong."""
        print(f"error: {safe(text)}", file=self.err, flush=True)


def safe(text: str) -> str:
    """`text` with control characters made visible: a server must not steer the terminal."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines whose columns begin at the same place; a cell's line breaks become spaces."""
    flat = [[" ".join(cell.split()) for cell in row] for row in rows]
    widths = [max(map(width, column)) for column in zip(*flat, strict=True)]
    return [
        "  ".join(
            cell + " " * (space - width(cell)) for cell, space in zip(row, widths, strict=True)
        ).rstrip()
        for row in flat
    ]


def width(text: str) -> int:
    """How many terminal cells `text` takes."""
    return sum(
        0 if unicodedata.combining(sign) else 1 + (unicodedata.east_asian_width(sign) in "WF")
        for sign in text
    )


def signature(schema: Mapping[str, Any] | None) -> str:
    """An input schema in one line: `city: string, unit?: celsius|fahrenheit`."""
    properties = members(members(schema).get("properties"))
    required = entries(members(schema).get("required"))
    return ", ".join(
        f"{name}{'' if name in required else '?'}: {_kind(each)}"
        for name, each in properties.items()
    )


def first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


def _kind(schema: Any) -> str:
    if not is_object(schema):
        return "any"
    if "enum" in schema:
        return "|".join(map(str, entries(schema["enum"])))
    for name in ("anyOf", "oneOf"):
        if name in schema:
            return "|".join(map(_kind, entries(schema[name])))
    kind = schema.get("type")
    if is_list(kind):
        return "|".join(map(str, kind))
    if kind == "array":
        return f"{_kind(schema['items'])}[]" if "items" in schema else "array"
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    return str(kind or "any")


def _rich_table(out: TextIO, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*columns)
    for row in rows:
        table.add_row(*map(Text, row))
    Console(file=out).print(table)
