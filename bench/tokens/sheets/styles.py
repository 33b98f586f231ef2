"""How cells look."""

from typing import Annotated, Literal

from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.utils import get_column_letter
from pydantic import Field

from .books import BookName, ColumnName, RangeName, SheetName, column_number, editing, sheet_of
from .cells import cells_of

Color = Annotated[str, Field(description="Color as six hex digits, such as FFCC00")]


def set_font(
    workbook: BookName,
    sheet: SheetName,
    range: RangeName,
    bold: bool = False,
    italic: bool = False,
    size: Annotated[int | None, Field(description="Size in points")] = None,
) -> str:
    """Set the font of a range: bold, italic, size."""
    with editing(workbook) as book:
        for row in cells_of(sheet_of(book, sheet), range):
            for cell in row:
                cell.font = Font(bold=bold, italic=italic, size=size or 11)
    return f"set font of {range}"


def set_fill(workbook: BookName, sheet: SheetName, range: RangeName, color: Color) -> str:
    """Fill the background of a range with a color."""
    with editing(workbook) as book:
        for row in cells_of(sheet_of(book, sheet), range):
            for cell in row:
                cell.fill = PatternFill("solid", start_color=color)
    return f"filled {range}"


def set_number_format(
    workbook: BookName,
    sheet: SheetName,
    range: RangeName,
    number_format: Annotated[str, Field(description="Format code, such as 0.00 or #,##0")],
) -> str:
    """Set the number format of a range: decimals, percent, currency, dates."""
    with editing(workbook) as book:
        for row in cells_of(sheet_of(book, sheet), range):
            for cell in row:
                cell.number_format = number_format
    return f"set number format of {range}"


def set_alignment(
    workbook: BookName,
    sheet: SheetName,
    range: RangeName,
    horizontal: Literal["left", "center", "right"],
    wrap: Annotated[bool, Field(description="Break long text into lines")] = False,
) -> str:
    """Align the content of a range to the left, center or right."""
    with editing(workbook) as book:
        for row in cells_of(sheet_of(book, sheet), range):
            for cell in row:
                cell.alignment = Alignment(horizontal=horizontal, wrap_text=wrap)
    return f"aligned {range}"


def set_border(
    workbook: BookName,
    sheet: SheetName,
    range: RangeName,
    style: Literal["thin", "medium", "thick", "double"] = "thin",
) -> str:
    """Draw a border around every cell of a range."""
    side = Side(style=style)
    with editing(workbook) as book:
        for row in cells_of(sheet_of(book, sheet), range):
            for cell in row:
                cell.border = Border(left=side, right=side, top=side, bottom=side)
    return f"drew borders in {range}"


def set_column_width(
    workbook: BookName,
    sheet: SheetName,
    column: ColumnName,
    width: Annotated[float, Field(description="Width in characters")],
) -> str:
    """Set the width of a column."""
    with editing(workbook) as book:
        found = sheet_of(book, sheet)
        letter = get_column_letter(column_number(found, column))
        found.column_dimensions[letter].width = width
    return f"set width of {column}"


def merge_cells(workbook: BookName, sheet: SheetName, range: RangeName) -> str:
    """Merge the cells of a range into one."""
    with editing(workbook) as book:
        sheet_of(book, sheet).merge_cells(range)
    return f"merged {range}"


def unmerge_cells(workbook: BookName, sheet: SheetName, range: RangeName) -> str:
    """Unmerge a merged range, splitting it into single cells again."""
    with editing(workbook) as book:
        found = sheet_of(book, sheet)
        if range not in {str(each) for each in found.merged_cells.ranges}:
            raise ValueError(f"{range} is not merged")
        found.unmerge_cells(range)
    return f"unmerged {range}"
