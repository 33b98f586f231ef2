"""Whole jobs: what takes several primitive tools, in one call."""

from typing import Annotated, Any

from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import Field

from .books import (
    BookName,
    Record,
    SheetName,
    column_number,
    editing,
    header,
    new_sheet,
    records,
    sheet_of,
    write_rows,
)
from .data import Function, grouped
from .views import ChartKind, draw

Target = Annotated[str, Field(description="Name of the new sheet for the result")]
OtherSheet = Annotated[str, Field(description="Name of the second sheet")]
Key = Annotated[str, Field(description="Column that identifies a row, in both sheets")]


def consolidate_sheets(
    workbook: BookName,
    sheets: Annotated[list[str], Field(description="Sheets to put together, same header each")],
    target: Target,
) -> dict[str, Any]:
    """Consolidate several sheets of the same layout into one new sheet, with a column Source that
    names the sheet each row came from."""
    with editing(workbook) as book:
        rows: list[Record] = [
            {**row, "Source": name} for name in sheets for row in records(sheet_of(book, name))
        ]
        made = new_sheet(book, target)
        write_rows(made, rows, 1, 1)
        return {"sheet": target, "rows": len(rows), "columns": header(made)}


def summarize_by_group(
    workbook: BookName,
    sheet: SheetName,
    group_by: Annotated[str, Field(description="Column whose values make the groups")],
    column: Annotated[str, Field(description="Column whose numbers are put together")],
    target: Target,
    function: Function = "sum",
    chart: Annotated[ChartKind | None, Field(description="Kind of chart to add")] = None,
) -> list[Record]:
    """Summarize a sheet by groups into a new sheet, largest group first, with a total row and a
    chart if wanted. Returns the groups."""
    with editing(workbook) as book:
        found = sheet_of(book, sheet)
        column_number(found, group_by)
        column_number(found, column)
        groups = grouped(records(found), group_by, column, function)
        made = new_sheet(book, target)
        write_rows(made, groups, 1, 1)
        last = len(groups) + 1
        if chart is not None:
            draw(made, chart, f"A1:B{last}", f"{column} by {group_by}", "D2")
        if function in ("sum", "count"):
            made.append(["Total", sum(record[column] for record in groups)])
        return groups


def build_pivot(
    workbook: BookName,
    sheet: SheetName,
    rows: Annotated[str, Field(description="Column whose values go down")],
    columns: Annotated[str, Field(description="Column whose values go across")],
    values: Annotated[str, Field(description="Column whose numbers are summed")],
    target: Target,
) -> dict[str, Any]:
    """Build a pivot table in a new sheet: sums of one column, by two others, down and across."""
    with editing(workbook) as book:
        found = sheet_of(book, sheet)
        for name in (rows, columns, values):
            column_number(found, name)
        data = records(found)
        across = sorted({str(row[columns]) for row in data})
        down = sorted({str(row[rows]) for row in data})
        sums = {(one, other): 0.0 for one in down for other in across}
        for row in data:
            sums[str(row[rows]), str(row[columns])] += row[values] or 0
        made = new_sheet(book, target)
        lines = [[one, *(sums[one, other] for other in across)] for one in down]
        write_rows(made, [[rows, *across], *lines], 1, 1)
        return {"sheet": target, "rows": down, "columns": across}


def reconcile_sheets(
    workbook: BookName,
    sheet: SheetName,
    other_sheet: OtherSheet,
    key: Key,
    column: Annotated[str, Field(description="Column whose values must agree")],
    target: Target,
) -> list[Record]:
    """Reconcile two sheets by a key: list rows that are missing on one side or whose values differ
    in a new sheet, and return them."""
    with editing(workbook) as book:
        sides: list[dict[Any, Any]] = []
        for name in (sheet, other_sheet):
            found = sheet_of(book, name)
            column_number(found, key)
            column_number(found, column)
            sides.append({row[key]: row[column] for row in records(found)})
        one, other = sides
        differing = [
            {key: name, sheet: one.get(name), other_sheet: other.get(name)}
            for name in dict.fromkeys([*one, *other])
            if one.get(name) != other.get(name)
        ]
        made = new_sheet(book, target)
        write_rows(made, [*differing] or [[key, sheet, other_sheet]], 1, 1)
        return differing


def join_sheets(
    workbook: BookName,
    sheet: SheetName,
    other_sheet: OtherSheet,
    key: Key,
    target: Target,
) -> dict[str, Any]:
    """Join two sheets by a key, as a lookup does: every row of the first with the columns of the
    second beside it, in a new sheet."""
    with editing(workbook) as book:
        first, second = sheet_of(book, sheet), sheet_of(book, other_sheet)
        column_number(first, key)
        column_number(second, key)
        further = {row[key]: row for row in records(second)}
        blank = dict.fromkeys(header(second))
        rows = [{**blank, **further.get(row[key], {}), **row} for row in records(first)]
        made = new_sheet(book, target)
        keys = [*header(first), *(name for name in header(second) if name not in header(first))]
        write_rows(made, [{name: row[name] for name in keys} for row in rows], 1, 1)
        return {"sheet": target, "rows": len(rows), "columns": keys}


def clean_table(workbook: BookName, sheet: SheetName) -> dict[str, Any]:
    """Clean up the table on a sheet: trim spaces, turn numbers kept as text into numbers, drop
    blank and duplicate rows."""
    with editing(workbook) as book:
        found = sheet_of(book, sheet)
        before = found.max_row - 1
        tidy = [{name: _tidied(value) for name, value in row.items()} for row in records(found)]
        unique = list({tuple(row.values()): row for row in tidy}.values())
        found.delete_rows(2, found.max_row)
        write_rows(found, [list(row.values()) for row in unique], 2, 1)
        return {"sheet": sheet, "rows": len(unique), "dropped": before - len(unique)}


def _tidied(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    text = " ".join(value.split())
    try:
        parsed = float(text.replace(",", ""))
    except ValueError:
        return text or None
    return int(parsed) if parsed.is_integer() else parsed


def split_by_column(
    workbook: BookName,
    sheet: SheetName,
    column: Annotated[str, Field(description="Column whose values make the sheets")],
) -> list[Record]:
    """Split a sheet into several new sheets, one for each value of a column."""
    with editing(workbook) as book:
        found = sheet_of(book, sheet)
        column_number(found, column)
        parts: dict[str, list[Record]] = {}
        for row in records(found):
            parts.setdefault(str(row[column]), []).append(row)
        for name, rows in parts.items():
            write_rows(new_sheet(book, name), rows, 1, 1)
        return [{"sheet": name, "rows": len(rows)} for name, rows in parts.items()]


def format_report(workbook: BookName, sheet: SheetName) -> str:
    """Format a sheet as a report: bold colored header, frozen first row, autofilter, widths that
    fit, thousands separators."""
    with editing(workbook) as book:
        found = sheet_of(book, sheet)
        for cell in found[1]:
            cell.font = Font(bold=True, color="FFFFFF")
            cell.fill = PatternFill("solid", start_color="305496")
        found.freeze_panes = "A2"
        found.auto_filter.ref = found.dimensions
        _fit(found)
    return f"formatted {sheet}"


def _fit(sheet: Worksheet) -> None:
    for number, column in enumerate(sheet.iter_cols(), 1):
        longest = max(len(str(cell.value or "")) for cell in column)
        sheet.column_dimensions[get_column_letter(number)].width = longest + 2
        for cell in column[1:]:
            if isinstance(cell.value, int | float):
                cell.number_format = "#,##0"
