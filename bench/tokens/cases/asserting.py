"""What several checkers ask of a sheet."""

from collections import defaultdict
from typing import Any

from openpyxl.worksheet.worksheet import Worksheet

from .books import Rows


def column(rows: Rows, name: str) -> list[Any]:
    """The values of a column below the header."""
    at = rows[0].index(name)
    return [row[at] for row in rows[1:]]


def sums(rows: Rows, group: str, value: str) -> dict[Any, float]:
    found: dict[Any, float] = defaultdict(float)
    for key, number in zip(column(rows, group), column(rows, value), strict=True):
        found[key] += number
    return dict(found)


def largest(sums: dict[Any, float]) -> Any:
    return max(sums, key=lambda key: sums[key])


def is_bold(sheet: Worksheet, area: str) -> None:
    assert all(cell.font.b for row in sheet[area] for cell in row), f"{area} is not bold"


def is_report(sheet: Worksheet) -> None:
    """Whether it looks as a formatted report does."""
    assert all(cell.font.b for cell in sheet[1]), "the header is not bold"
    assert sheet.freeze_panes == "A2", "the header is not frozen"
    assert sheet.auto_filter.ref, "there is no autofilter"


def chart_kinds(sheet: Worksheet) -> list[str]:
    charts: list[object] = vars(sheet)["_charts"]
    return [type(chart).__name__ for chart in charts]
