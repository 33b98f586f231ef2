"""Values and formulas of cells and ranges."""

from typing import Annotated, Any

from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.formula.translate import Translator
from openpyxl.utils.cell import coordinate_from_string, range_boundaries
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import Field

from .books import (
    BookName,
    CellName,
    RangeName,
    SheetName,
    Value,
    editing,
    plain,
    reading,
    records,
    sheet_of,
    write_rows,
)

Rows = Annotated[
    list[Any], Field(description="Rows: lists of values, or objects, which bring their header")
]
Formula = Annotated[str, Field(description="Formula beginning with =, such as =SUM(B2:B9)")]


def cells_of(sheet: Worksheet, area: str) -> list[list[Cell]]:
    """The cells of a range, row by row. Raises `ValueError` for what is no range."""
    try:
        left, top, right, bottom = range_boundaries(area)
    except (TypeError, ValueError):
        raise ValueError(f"{area!r} is no range: give one such as A1:C10") from None
    rows = sheet.iter_rows(min_row=top, max_row=bottom, min_col=left, max_col=right)
    return [[cell for cell in row if isinstance(cell, Cell)] for row in rows]


def place(cell: str) -> tuple[int, int]:
    """Row and column of an address. Raises `ValueError` for what is none."""
    try:
        coordinate_from_string(cell)
        left, top, _, _ = range_boundaries(cell)
    except (TypeError, ValueError):
        raise ValueError(f"{cell!r} is no cell: give an address such as B2") from None
    return int(top or 1), int(left or 1)


def read_cell(workbook: BookName, sheet: SheetName, cell: CellName) -> Value:
    """Read the value of one cell."""
    row, column = place(cell)
    with reading(workbook) as book:
        value: Value = plain(sheet_of(book, sheet).cell(row, column).value)
        return value


def write_cell(
    workbook: BookName,
    sheet: SheetName,
    cell: CellName,
    value: Annotated[Value, Field(description="Text, number, true or false")],
) -> str:
    """Write a value into one cell."""
    row, column = place(cell)
    with editing(workbook) as book:
        sheet_of(book, sheet).cell(row, column).value = value
    return f"wrote {cell}"


def read_range(workbook: BookName, sheet: SheetName, range: RangeName) -> dict[str, Any]:
    """Read the values of a range of cells, row by row."""
    with reading(workbook) as book:
        cells = cells_of(sheet_of(book, sheet), range)
        return {"range": range, "rows": [[plain(cell.value) for cell in row] for row in cells]}


def read_table(workbook: BookName, sheet: SheetName) -> list[dict[str, Any]]:
    """Read all rows of a sheet as records, each row an object keyed by the header."""
    with reading(workbook) as book:
        return records(sheet_of(book, sheet))


def write_range(workbook: BookName, sheet: SheetName, start_cell: CellName, rows: Rows) -> str:
    """Write rows of values into a sheet, starting at a cell."""
    top, left = place(start_cell)
    with editing(workbook) as book:
        count = write_rows(sheet_of(book, sheet), rows, top, left)
    return f"wrote {count} rows at {start_cell}"


def append_rows(workbook: BookName, sheet: SheetName, rows: Rows) -> str:
    """Append rows at the end of a sheet, below its last row."""
    with editing(workbook) as book:
        found = sheet_of(book, sheet)
        empty = found.max_row == 1 and found["A1"].value is None
        if not empty:
            rows = [list(row.values()) if isinstance(row, dict) else row for row in rows]
        count = write_rows(found, rows, 1 if empty else found.max_row + 1, 1)
    return f"appended {count} rows to {sheet}"


def clear_range(workbook: BookName, sheet: SheetName, range: RangeName) -> str:
    """Clear the values of a range of cells, keeping their styles."""
    with editing(workbook) as book:
        for row in cells_of(sheet_of(book, sheet), range):
            for cell in row:
                cell.value = None
    return f"cleared {range}"


def copy_range(
    workbook: BookName,
    sheet: SheetName,
    range: RangeName,
    target_sheet: Annotated[str, Field(description="Sheet to copy to")],
    target_cell: Annotated[str, Field(description="Top left cell there")],
) -> str:
    """Copy a range of cells to another place, on the same or on another sheet."""
    top, left = place(target_cell)
    with editing(workbook) as book:
        values = [[each.value for each in row] for row in cells_of(sheet_of(book, sheet), range)]
        write_rows(sheet_of(book, target_sheet), values, top, left)
    return f"copied {range} to {target_sheet}!{target_cell}"


def set_formula(workbook: BookName, sheet: SheetName, cell: CellName, formula: Formula) -> str:
    """Set the formula of one cell."""
    if not formula.startswith("="):
        raise ValueError("a formula begins with =")
    row, column = place(cell)
    with editing(workbook) as book:
        sheet_of(book, sheet).cell(row, column).value = formula
    return f"set {cell} to {formula}"


def fill_formula(workbook: BookName, sheet: SheetName, range: RangeName, formula: Formula) -> str:
    """Fill a formula down a range, moving its references along from the first cell."""
    if not formula.startswith("="):
        raise ValueError("a formula begins with =")
    with editing(workbook) as book:
        cells = [cell for row in cells_of(sheet_of(book, sheet), range) for cell in row]
        for cell in cells:
            moved = Translator(formula, origin=cells[0].coordinate)
            cell.value = moved.translate_formula(cell.coordinate)
    return f"filled {len(cells)} cells"


def replace_values(
    workbook: BookName,
    sheet: SheetName,
    find: Annotated[Value, Field(description="Value to look for")],
    replacement: Annotated[Value, Field(description="Value to put in its place")],
) -> str:
    """Find every cell of a sheet that holds a value and replace it by another value."""
    count = 0
    with editing(workbook) as book:
        found = sheet_of(book, sheet)
        for row in cells_of(found, found.dimensions):
            for cell in row:
                if cell.value == find:
                    cell.value = replacement
                    count += 1
    return f"replaced {count} cells"


def add_comment(
    workbook: BookName,
    sheet: SheetName,
    cell: CellName,
    text: Annotated[str, Field(description="What the comment says")],
) -> str:
    """Attach a comment, a note for readers, to a cell."""
    row, column = place(cell)
    with editing(workbook) as book:
        sheet_of(book, sheet).cell(row, column).comment = Comment(text, "sheets")
    return f"commented {cell}"
