"""Workbooks of one folder: opened for a call, written back after it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import MergedCell
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import Field

BookName = Annotated[str, Field(description="File name of the workbook, such as sales.xlsx")]
SheetName = Annotated[str, Field(description="Name of the sheet")]
RangeName = Annotated[str, Field(description="Range of cells, such as A1:C10")]
CellName = Annotated[str, Field(description="Address of a cell, such as B2")]
ColumnName = Annotated[str, Field(description="Header of the column, as in row 1")]
Value = str | int | float | bool | None
Record = dict[str, Any]

_folder = Path()


def serve_from(folder: str | Path) -> None:
    """The folder whose workbooks all tools of this process work on."""
    global _folder
    _folder = Path(folder).resolve()


def path_of(workbook: str) -> Path:
    """Raises `ValueError` for a name that leaves the folder."""
    path = (_folder / workbook).resolve()
    if path.parent != _folder or path.suffix != ".xlsx":
        raise ValueError(f"{workbook!r} is no workbook of this folder: give a name such as a.xlsx")
    return path


def names() -> list[str]:
    return sorted(path.name for path in _folder.glob("*.xlsx"))


@contextmanager
def reading(workbook: str) -> Iterator[Workbook]:
    path = path_of(workbook)
    if not path.exists():
        raise ValueError(f"no workbook {workbook!r}; there is: {', '.join(names())}")
    book = load_workbook(path)
    try:
        yield book
    finally:
        book.close()


@contextmanager
def editing(workbook: str) -> Iterator[Workbook]:
    """The workbook; it is saved if the body did not raise."""
    with reading(workbook) as book:
        yield book
        book.save(path_of(workbook))


def sheet_of(book: Workbook, sheet: str) -> Worksheet:
    """Raises `ValueError` naming the sheets there are."""
    if sheet not in book.sheetnames:
        raise ValueError(f"no sheet {sheet!r}; there is: {', '.join(book.sheetnames)}")
    found = book[sheet]
    assert isinstance(found, Worksheet)
    return found


def new_sheet(book: Workbook, sheet: str) -> Worksheet:
    """A new, empty sheet. Raises `ValueError` for a name that is taken."""
    if sheet in book.sheetnames:
        raise ValueError(f"there is a sheet {sheet!r} already; choose another name")
    made = book.create_sheet(sheet)
    assert isinstance(made, Worksheet)
    return made


def header(sheet: Worksheet) -> list[str]:
    cells = next(sheet.iter_rows(min_row=1, max_row=1, values_only=True), ())
    return [str(value) for value in cells if value is not None]


def column_number(sheet: Worksheet, column: str) -> int:
    """1-based. Raises `ValueError` naming the columns there are."""
    known = header(sheet)
    if column not in known:
        raise ValueError(f"no column {column!r} in {sheet.title!r}; there is: {', '.join(known)}")
    return known.index(column) + 1


def plain(value: Any) -> Any:
    """A cell's value as JSON can say it."""
    return value.isoformat() if isinstance(value, date | datetime) else value


def records(sheet: Worksheet) -> list[Record]:
    """The rows below the header, each as an object by column; blank rows are left out."""
    keys = header(sheet)
    rows = sheet.iter_rows(min_row=2, max_col=len(keys), values_only=True)
    return [
        {key: plain(value) for key, value in zip(keys, row, strict=True)}
        for row in rows
        if any(value is not None for value in row)
    ]


def write_rows(sheet: Worksheet, rows: list[Any], top: int, left: int) -> int:
    """Write rows (lists of values, or objects, which bring their header) and return how many
    lines that took. Raises `ValueError` for a row that is neither."""
    lines: list[list[Any]] = []
    for row in rows:
        if isinstance(row, dict):
            if not lines:
                lines.append(list(row))
            lines.append(list(row.values()))
        elif isinstance(row, list):
            lines.append(row)
        else:
            raise ValueError("rows must be a list of lists of values, or of objects")
    for down, line in enumerate(lines):
        for right, value in enumerate(line):
            cell = sheet.cell(top + down, left + right)
            if not isinstance(cell, MergedCell):
                cell.value = value
    return len(lines)


def number(value: Any, column: str) -> float:
    """Raises `ValueError` for what is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"column {column!r} holds {value!r}, which is no number")
    return value
