"""One primitive each."""

from .asserting import chart_kinds, column, is_bold
from .books import Books, before
from .case import case


@case("single", 'In sales.xlsx, write the value 61500 into cell B2 of sheet "Targets".')
def _(books: Books) -> None:
    assert books.sheet("sales.xlsx", "Targets")["B2"].value == 61500


@case("single", 'Set the formula of cell B6 on sheet "Targets" of sales.xlsx to =SUM(B2:B4).')
def _(books: Books) -> None:
    assert books.sheet("sales.xlsx", "Targets")["B6"].value == "=SUM(B2:B4)"


@case("single", 'Rename the sheet "Notes" of sales.xlsx to "Remarks".')
def _(books: Books) -> None:
    assert books.rows("sales.xlsx", "Remarks")[1] == ["Prepared by", "Clara"]
    assert "Notes" not in books.book("sales.xlsx").sheetnames


@case("single", 'Sort the rows of sheet "Items" in stock.xlsx by column "Stock", largest first.')
def _(books: Books) -> None:
    stock = column(books.rows("stock.xlsx", "Items"), "Stock")
    assert stock == sorted(column(before("stock.xlsx", "Items"), "Stock"), reverse=True)


@case("single", 'Freeze the panes of sheet "Employees" in staff.xlsx at cell B2.')
def _(books: Books) -> None:
    assert books.sheet("staff.xlsx", "Employees").freeze_panes == "B2"


@case("single", 'Merge the cells A1:D1 on sheet "Cover" of budget.xlsx.')
def _(books: Books) -> None:
    merged = books.sheet("budget.xlsx", "Cover").merged_cells.ranges
    assert [str(each) for each in merged] == ["A1:D1"]


@case("single", 'Make the font of A1:F1 bold on sheet "Employees" of staff.xlsx.')
def _(books: Books) -> None:
    is_bold(books.sheet("staff.xlsx", "Employees"), "A1:F1")


@case(
    "single",
    'Add a pie chart of the range A1:B4 titled "Targets by region" to sheet "Targets" of '
    "sales.xlsx.",
)
def _(books: Books) -> None:
    assert chart_kinds(books.sheet("sales.xlsx", "Targets")) == ["PieChart"]


@case("single", 'Fill A1:F1 on sheet "Items" of stock.xlsx with the color "FFCC00".')
def _(books: Books) -> None:
    cells = books.sheet("stock.xlsx", "Items")["A1:F1"][0]
    assert all(str(cell.fill.start_color.rgb).endswith("FFCC00") for cell in cells)


@case(
    "single",
    'On sheet "Employees" of staff.xlsx, add a dropdown with the choices "active", "leave" and '
    '"left" to F2:F49.',
)
def _(books: Books) -> None:
    (rule,) = books.sheet("staff.xlsx", "Employees").data_validations.dataValidation
    assert rule.formula1 == '"active,leave,left"'
    assert str(rule.sqref) == "F2:F49"


@case(
    "single",
    'Attach a comment saying "Check with finance" to cell D2 of sheet "Plan" in budget.xlsx.',
)
def _(books: Books) -> None:
    comment = books.sheet("budget.xlsx", "Plan")["D2"].comment
    assert comment is not None
    assert comment.text == "Check with finance"


@case("single", 'Delete 3 rows of sheet "North" in sales.xlsx, beginning at row 10.')
def _(books: Books) -> None:
    rows = before("sales.xlsx", "North")
    assert books.rows("sales.xlsx", "North") == rows[:9] + rows[12:]
