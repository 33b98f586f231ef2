"""Open goals: what is wanted, in an office's words, with a slip here and there."""

from .asserting import column, is_report, largest, sums
from .books import Books, before
from .case import case


@case(
    "goal",
    'Which "Department" has the largest sum in column "Amount" on sheet "Actual" of budget.xlsx? '
    'Write its "Department" into cell B1 of sheet "Summary". Write its "Amount" into cell B2. '
    "Thank you very much.",
)
def _(books: Books) -> None:
    totals = sums(before("budget.xlsx", "Actual"), "Department", "Amount")
    sheet = books.sheet("budget.xlsx", "Summary")
    assert sheet["B1"].value == largest(totals)
    assert sheet["B2"].value == totals[largest(totals)]


@case(
    "goal",
    'The list on sheet "Import" of stock.xlsx came from another system: it has stray spaces, '
    "numbers kept as text, and duplicate or blank rows. Clean it up. The printed version needs a "
    "header that stays in view: format it as a report.",
)
def _(books: Books) -> None:
    rows = books.rows("stock.xlsx", "Import")
    assert len(rows) == 25
    assert rows[2] == ["N02", 10, "Nordwood"]
    is_report(books.sheet("stock.xlsx", "Import"))


@case(
    "goal",
    'Which "Category" has the largest sum in column "Stock" on sheet "Items" of stock.xlsx? Add a '
    'sheet "Answer". Write its "Category" into cell A1 of sheet "Answer".',
)
def _(books: Books) -> None:
    top = largest(sums(before("stock.xlsx", "Items"), "Category", "Stock"))
    assert books.sheet("stock.xlsx", "Answer")["A1"].value == top


@case(
    "goal",
    "The regional managers want to see one list of everything that was sold this year. Use the "
    'sheets "north", "south" and "West" of sales.xlsx, consolidated in a new sheet "Year".',
)
def _(books: Books) -> None:
    rows = books.rows("sales.xlsx", "Year")
    assert len(rows) == 121
    assert set(column(rows, "Source")) == {"North", "South", "West"}


@case(
    "goal",
    'Payday is near. Somebody must know where the sheets "Employees" and "Payroll" of staff.xlsx '
    'disagree: reconcile them by key "Id" on column "Salary" in a new sheet "Check". Nobody should '
    'edit it: protect the sheet "Check".',
)
def _(books: Books) -> None:
    rows = books.rows("staff.xlsx", "Check")
    assert sorted(column(rows, "Id")) == ["E004", "E008", "E020", "E032", "E041"]
    assert books.sheet("staff.xlsx", "Check").protection.sheet


@case(
    "goal",
    'Auditors visit on Monday. They may read but not edit the sheet "Plan" of budget.xlsx: protect '
    'it. They want a pivot table of the sheet "actual", "Kind" down, "Quarter" across, with the '
    'values of "Amount", in a new sheet "Audit".',
)
def _(books: Books) -> None:
    assert books.sheet("budget.xlsx", "Plan").protection.sheet
    rows = books.rows("budget.xlsx", "Audit")
    expected = sums(before("budget.xlsx", "Actual"), "Kind", "Amount")
    assert {row[0]: sum(row[1:]) for row in rows[1:]} == expected


@case(
    "goal",
    'Some shelves run empty. Purchasing needs a sheet "To order" in stock.xlsx: add that sheet. '
    'Find what is low, the rows of sheet "Items" whose column "Stock" is less than 25. Append '
    'those rows to sheet "To order". Format it as a report.',
)
def _(books: Books) -> None:
    rows = before("stock.xlsx", "Items")
    wanted = [rows[0], *(row for row in rows[1:] if row[3] < 25)]
    assert books.rows("stock.xlsx", "To order") == wanted
    is_report(books.sheet("stock.xlsx", "To order"))


@case(
    "goal",
    'Management asks what each department costs. Summarize the sheet "Employees" of staff.xlsx by '
    '"department" with the sum of column "Salary" into a new sheet "Costs", with a pie chart. The '
    "largest first, please.",
)
def _(books: Books) -> None:
    rows = books.rows("staff.xlsx", "Costs")
    totals = sums(before("staff.xlsx", "Employees"), "Department", "Salary")
    assert [row[:2] for row in rows[1:6]] == sorted(map(list, totals.items()), key=lambda e: -e[1])


@case(
    "goal",
    'We want to call suppliers quickly. Join the sheet "Items" of stock.xlsx with the sheet '
    '"suppliers" by key "Supplier" into a new sheet "Phone list". Sort the rows of sheet '
    '"Phone list" by column "Supplier".',
)
def _(books: Books) -> None:
    rows = books.rows("stock.xlsx", "Phone list")
    assert len(rows) == 91
    assert column(rows, "Supplier") == sorted(column(rows, "Supplier"))
    assert all(column(rows, "Phone"))
