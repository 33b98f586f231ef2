"""Workbooks and their sheets."""

from typing import Annotated, Any

from openpyxl import Workbook
from pydantic import Field

from . import books
from .books import BookName, SheetName, editing, new_sheet, reading, sheet_of

NewName = Annotated[str, Field(description="The new name")]


def list_workbooks() -> list[str]:
    """List the workbook files in the folder."""
    return books.names()


def create_workbook(
    workbook: BookName,
    sheets: Annotated[list[str], Field(description="Names of its sheets, in order")],
) -> str:
    """Create a new, empty workbook file with the given sheets."""
    path = books.path_of(workbook)
    if path.exists():
        raise ValueError(f"there is a workbook {workbook!r} already")
    book = Workbook()
    book.remove(book.worksheets[0])
    for name in sheets or ["Sheet1"]:
        new_sheet(book, name)
    book.save(path)
    return f"created {workbook}"


def open_workbook(workbook: BookName) -> dict[str, Any]:
    """Open a workbook and tell its properties: sheets, sizes, hidden ones, defined names."""
    with reading(workbook) as book:
        sheets = [
            {"name": each.title, "range": each.dimensions, "hidden": each.sheet_state != "visible"}
            for each in book.worksheets
        ]
        return {"workbook": workbook, "sheets": sheets, "names": sorted(book.defined_names)}


def list_sheets(workbook: BookName) -> list[str]:
    """List the names of all sheets of a workbook, in order."""
    with reading(workbook) as book:
        return list(book.sheetnames)


def add_sheet(
    workbook: BookName,
    sheet: SheetName,
    position: Annotated[
        int | None, Field(description="Place among the sheets, from 0; at the end if not given")
    ] = None,
) -> str:
    """Add a new empty sheet to a workbook."""
    with editing(workbook) as book:
        made = new_sheet(book, sheet)
        if position is not None:
            book.move_sheet(made, position - book.index(made))
    return f"added sheet {sheet}"


def rename_sheet(workbook: BookName, sheet: SheetName, new_name: NewName) -> str:
    """Rename a sheet, giving it a new name."""
    with editing(workbook) as book:
        if new_name in book.sheetnames:
            raise ValueError(f"there is a sheet {new_name!r} already; choose another name")
        sheet_of(book, sheet).title = new_name
    return f"renamed {sheet} to {new_name}"


def duplicate_sheet(workbook: BookName, sheet: SheetName, new_name: NewName) -> str:
    """Duplicate a whole sheet with values and styles under a new name."""
    with editing(workbook) as book:
        if new_name in book.sheetnames:
            raise ValueError(f"there is a sheet {new_name!r} already; choose another name")
        book.copy_worksheet(sheet_of(book, sheet)).title = new_name
    return f"duplicated {sheet} as {new_name}"


def delete_sheet(workbook: BookName, sheet: SheetName) -> str:
    """Delete a sheet with everything on it from a workbook."""
    with editing(workbook) as book:
        found = sheet_of(book, sheet)
        if len(book.sheetnames) == 1:
            raise ValueError("a workbook needs one sheet: this is the last")
        book.remove(found)
    return f"deleted sheet {sheet}"


def protect_sheet(
    workbook: BookName,
    sheet: SheetName,
    password: Annotated[str | None, Field(description="Password to unlock it again")] = None,
) -> str:
    """Protect a sheet against editing, with a password if one is given."""
    with editing(workbook) as book:
        protection = sheet_of(book, sheet).protection
        protection.enable()
        if password:
            protection.password = password
    return f"protected {sheet}"


def freeze_panes(
    workbook: BookName,
    sheet: SheetName,
    cell: Annotated[str, Field(description="First cell that scrolls, such as A2")] = "A2",
) -> str:
    """Freeze the rows above and the columns left of a cell so that they stay in view."""
    with editing(workbook) as book:
        sheet_of(book, sheet).freeze_panes = cell
    return f"froze panes of {sheet} at {cell}"
