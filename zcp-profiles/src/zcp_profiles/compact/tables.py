"""Lists of records as tables: the names of the members are said once."""

from __future__ import annotations

from typing import Any

from zcp_kernel.jsontext import dumps, is_list, is_object, loads

_FEWEST = 2
_PLAIN = frozenset(["null", "true", "false"])


def as_table(value: Any) -> str | None:
    """A list of objects with the same members, in the same order, as lines of tab-separated cells
    below a line of names; None for anything else, or where JSON is shorter.

    A cell is JSON, but a string that could be nothing else stands bare. So `read_table` gives the
    value back exactly.
    """
    if not is_list(value) or len(value) < _FEWEST or not is_object(value[0]) or not value[0]:
        return None
    names = list(value[0])
    if any("\t" in name or "\n" in name or not name for name in names):
        return None
    lines = ["\t".join(names)]
    for record in value:
        if not is_object(record) or list(record) != names:
            return None
        lines.append("\t".join(_cell(each) for each in record.values()))
    table = "\n".join(lines)
    return table if len(table.encode()) < len(dumps(value)) else None


def _cell(value: Any) -> str:
    if isinstance(value, str) and _is_bare(value):
        return value
    return dumps(value).decode()


def _is_bare(text: str) -> bool:
    """Whether a string can be read as nothing but itself: it does not begin as JSON does."""
    if not text or text in _PLAIN or text != text.strip():
        return False
    if text[0] in '"[{-0123456789':
        return False
    return text.isprintable()


def read_table(table: str) -> list[dict[str, Any]]:
    """The list of objects that `as_table` wrote."""
    head, *lines = table.split("\n")
    names = head.split("\t")
    return [
        {
            name: cell if _is_bare(cell) else loads(cell.encode())
            for name, cell in zip(names, line.split("\t"), strict=True)
        }
        for line in lines
    ]
