"""Rows as data: sorted, filtered, grouped, cleaned of doubles."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from .books import (
    BookName,
    ColumnName,
    SheetName,
    Value,
    column_number,
    editing,
    header,
    number,
    reading,
    records,
    sheet_of,
    write_rows,
)

Operator = Literal["equals", "not_equals", "greater", "less", "contains"]
Function = Literal["sum", "average", "count", "min", "max"]

_TESTS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": lambda held, value: bool(held == value),
    "not_equals": lambda held, value: bool(held != value),
    "greater": lambda held, value: held is not None and bool(held > value),
    "less": lambda held, value: held is not None and bool(held < value),
    "contains": lambda held, value: str(value).lower() in str(held).lower(),
}
FUNCTIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": sum,
    "average": lambda values: sum(values) / len(values),
    "count": len,
    "min": min,
    "max": max,
}


def order(value: Any) -> tuple[bool, bool, Any]:
    """Numbers before text, nothing last."""
    return value is None, isinstance(value, str), value if value is not None else 0


def grouped(
    rows: list[dict[str, Any]], group_by: str, column: str, function: str
) -> list[dict[str, Any]]:
    """One record a group, `{group_by: …, column: …}`, the largest first."""
    groups: dict[Any, list[float]] = defaultdict(list)
    for row in rows:
        value = row[column]
        if value is not None:
            groups[row[group_by]].append(0 if function == "count" else number(value, column))
    reduce = FUNCTIONS[function]
    made = [{group_by: name, column: reduce(values)} for name, values in groups.items()]
    return sorted(made, key=lambda record: -record[column])


def sort_rows(
    workbook: BookName,
    sheet: SheetName,
    column: ColumnName,
    descending: Annotated[bool, Field(description="Largest first")] = False,
) -> str:
    """Sort the rows of a sheet by a column, ascending or descending."""
    with editing(workbook) as book:
        found = sheet_of(book, sheet)
        column_number(found, column)
        rows = sorted(records(found), key=lambda row: order(row[column]), reverse=descending)
        found.delete_rows(2, found.max_row)
        write_rows(found, [list(row.values()) for row in rows], 2, 1)
    return f"sorted {len(rows)} rows by {column}"


def filter_rows(
    workbook: BookName,
    sheet: SheetName,
    column: ColumnName,
    operator: Operator,
    value: Annotated[Value, Field(description="What to compare with")],
) -> list[dict[str, Any]]:
    """Find the rows of a sheet whose column fits a condition, and return them as records."""
    with reading(workbook) as book:
        found = sheet_of(book, sheet)
        column_number(found, column)
        return [row for row in records(found) if _TESTS[operator](row[column], value)]


def aggregate(
    workbook: BookName,
    sheet: SheetName,
    group_by: Annotated[str, Field(description="Column whose values make the groups")],
    column: Annotated[str, Field(description="Column whose numbers are put together")],
    function: Function = "sum",
) -> list[dict[str, Any]]:
    """Group the rows of a sheet and compute the sum, average, count, min or max of each group.

    One record a group, the largest first. Nothing is written.
    """
    with reading(workbook) as book:
        found = sheet_of(book, sheet)
        column_number(found, group_by)
        column_number(found, column)
        return grouped(records(found), group_by, column, function)


def remove_duplicates(
    workbook: BookName,
    sheet: SheetName,
    columns: Annotated[
        list[str] | None, Field(description="Columns that make a double; all if not given")
    ] = None,
) -> str:
    """Remove duplicate rows from a sheet, keeping the first of each."""
    with editing(workbook) as book:
        found = sheet_of(book, sheet)
        keys = columns or header(found)
        for key in keys:
            column_number(found, key)
        rows = records(found)
        unique = {tuple(row[key] for key in keys): row for row in reversed(rows)}
        kept = list(reversed(unique.values()))
        found.delete_rows(2, found.max_row)
        write_rows(found, [list(row.values()) for row in kept], 2, 1)
    return f"removed {len(rows) - len(kept)} rows"


def insert_rows(
    workbook: BookName,
    sheet: SheetName,
    row: Annotated[int, Field(description="Row number before which to insert", ge=1)],
    count: Annotated[int, Field(description="How many rows", ge=1)] = 1,
) -> str:
    """Insert empty rows into a sheet before a row number."""
    with editing(workbook) as book:
        sheet_of(book, sheet).insert_rows(row, count)
    return f"inserted {count} rows"


def delete_rows(
    workbook: BookName,
    sheet: SheetName,
    row: Annotated[int, Field(description="Number of the first row to delete", ge=1)],
    count: Annotated[int, Field(description="How many rows", ge=1)] = 1,
) -> str:
    """Delete rows from a sheet by row number."""
    with editing(workbook) as book:
        sheet_of(book, sheet).delete_rows(row, count)
    return f"deleted {count} rows"
