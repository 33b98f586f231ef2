"""A few primitives one after the other, some passing data on."""

from .asserting import chart_kinds, column, is_bold, sums
from .books import Books, before
from .case import case


@case(
    "chain",
    'In stock.xlsx, sort the rows of sheet "Items" by column "Price", largest first. Make the font '
    "of A1:F1 bold. Freeze the panes at cell A2.",
)
def _(books: Books) -> None:
    prices = column(books.rows("stock.xlsx", "Items"), "Price")
    assert prices == sorted(prices, reverse=True)
    sheet = books.sheet("stock.xlsx", "Items")
    is_bold(sheet, "A1:F1")
    assert sheet.freeze_panes == "A2"


@case(
    "chain",
    'Add a sheet "Reorder" to stock.xlsx. Find the rows of sheet "Items" whose column "Stock" is '
    'less than 60. Append those rows to sheet "Reorder".',
)
def _(books: Books) -> None:
    rows = before("stock.xlsx", "Items")
    wanted = [rows[0], *(row for row in rows[1:] if row[3] < 60)]
    assert books.rows("stock.xlsx", "Reorder") == wanted


@case(
    "chain",
    'Add a sheet "Leavers" to staff.xlsx. Find the rows of sheet "Employees" whose column "Status" '
    'equals "left". Append those rows to sheet "Leavers".',
)
def _(books: Books) -> None:
    rows = before("staff.xlsx", "Employees")
    wanted = [rows[0], *(row for row in rows[1:] if row[5] == "left")]
    assert books.rows("staff.xlsx", "Leavers") == wanted


@case(
    "chain",
    'Write the value "Margin" into cell G1 of sheet "North" in sales.xlsx. Fill the formula '
    '=F2*0.2 down the range G2:G41. Set the number format of G2:G41 to "0.00".',
)
def _(books: Books) -> None:
    sheet = books.sheet("sales.xlsx", "North")
    assert sheet["G1"].value == "Margin"
    assert [sheet[f"G{row}"].value for row in (2, 3, 41)] == ["=F2*0.2", "=F3*0.2", "=F41*0.2"]
    assert {sheet[f"G{row}"].number_format for row in range(2, 42)} == {"0.00"}


@case(
    "chain",
    'Read the value of cell B4 on sheet "Targets" of sales.xlsx, then write that value into cell '
    'B1 of sheet "Notes". Attach a comment saying "Target of the West" to cell B1.',
)
def _(books: Books) -> None:
    cell = books.sheet("sales.xlsx", "Notes")["B1"]
    assert cell.value == 48000
    assert cell.comment is not None
    assert cell.comment.text == "Target of the West"


@case(
    "chain",
    'Read the value of cell D2 on sheet "Plan" of budget.xlsx, then write that value into cell B2 '
    'of sheet "Summary". Set the number format of B2 to "#,##0".',
)
def _(books: Books) -> None:
    cell = books.sheet("budget.xlsx", "Summary")["B2"]
    assert cell.value == before("budget.xlsx", "Plan")[1][3]
    assert cell.number_format == "#,##0"


@case(
    "chain",
    'Remove the duplicate rows from sheet "Payroll" of staff.xlsx. Sort its rows by column '
    '"Salary" in descending order. Set the width of column "Id" to 14. Highlight the cells of '
    "B2:B47 that are greater than 80000.",
)
def _(books: Books) -> None:
    rows = books.rows("staff.xlsx", "Payroll")
    assert len(rows) == 47
    assert column(rows, "Salary") == sorted(column(rows, "Salary"), reverse=True)
    sheet = books.sheet("staff.xlsx", "Payroll")
    assert sheet.column_dimensions["A"].width == 14
    (area,) = sheet.conditional_formatting
    assert str(area.sqref) == "B2:B47"
    assert area.rules[0].formula == ["80000"]


@case(
    "chain",
    'Add a sheet "Per category" to stock.xlsx. Group the rows of sheet "Items" by "Category" and '
    'compute the sum of column "Stock". Write those records into sheet "Per category", starting at '
    'cell A1. Add a bar chart of the range A1:B7 titled "Stock" to sheet "Per category".',
)
def _(books: Books) -> None:
    rows = books.rows("stock.xlsx", "Per category")
    assert sums(rows, "Category", "Stock") == sums(before("stock.xlsx", "Items"), *rows[0])
    assert chart_kinds(books.sheet("stock.xlsx", "Per category")) == ["BarChart"]


@case(
    "chain",
    'Add a sheet "Pay" to staff.xlsx. Group the rows of sheet "Employees" by "Department" and '
    'compute the average of column "Salary". Write those records into sheet "Pay", starting at '
    'cell A1. Set the number format of B2:B6 to "0".',
)
def _(books: Books) -> None:
    rows = books.rows("staff.xlsx", "Pay")
    people = before("staff.xlsx", "Employees")
    for name, average in rows[1:]:
        salaries = [row[3] for row in people[1:] if row[2] == name]
        assert abs(average - sum(salaries) / len(salaries)) < 0.01
    assert len(rows) == 6
    assert books.sheet("staff.xlsx", "Pay")["B6"].number_format == "0"


@case(
    "chain",
    'Duplicate the sheet "Plan" of budget.xlsx under the new name "Plan B". Replace every "Travel" '
    'by "Trips" on sheet "Plan B". Protect the sheet "Plan B" with the password "s3cret".',
)
def _(books: Books) -> None:
    kinds = column(books.rows("budget.xlsx", "Plan B"), "Kind")
    assert kinds.count("Trips") == 20
    assert "Travel" not in kinds
    assert "Travel" in column(books.rows("budget.xlsx", "Plan"), "Kind")
    assert books.sheet("budget.xlsx", "Plan B").protection.sheet


@case(
    "chain",
    'Merge the cells A1:E1 on sheet "Cover" of budget.xlsx. Align A1:E1 to the center. Set the '
    'font of A1 to bold in size 18. Write the value "Budget 2027" into cell A1.',
)
def _(books: Books) -> None:
    sheet = books.sheet("budget.xlsx", "Cover")
    cell = sheet["A1"]
    assert [str(each) for each in sheet.merged_cells.ranges] == ["A1:E1"]
    assert (cell.value, cell.alignment.horizontal) == ("Budget 2027", "center")
    assert (cell.font.b, cell.font.sz) == (True, 18)


@case(
    "chain",
    'Insert 2 empty rows into sheet "Departments" of staff.xlsx before row 1. Write the value '
    '"Departments and floors" into cell A1. Make the font of A1:C1 bold in size 14.',
)
def _(books: Books) -> None:
    sheet = books.sheet("staff.xlsx", "Departments")
    assert sheet["A1"].value == "Departments and floors"
    assert sheet["A3"].value == "Department"
    assert (sheet["A1"].font.b, sheet["A1"].font.sz) == (True, 14)
