"""Whole jobs over several sheets."""

from typing import Any

from .asserting import chart_kinds, column, is_report, sums
from .books import Books, before
from .case import case

REGIONS = ("North", "South", "West")


def _all_sales() -> list[dict[str, Any]]:
    return [
        {**dict(zip(rows[0], row, strict=True)), "Source": region}
        for region in REGIONS
        for rows in [before("sales.xlsx", region)]
        for row in rows[1:]
    ]


@case(
    "workflow",
    'Consolidate the sheets "North", "South" and "West" of sales.xlsx into a new sheet "All". '
    'Summarize sheet "All" by "Source" with the sum of column "Revenue" into a new sheet '
    '"By region" with a bar chart. Format the sheet "By region" as a report.',
)
def _(books: Books) -> None:
    assert len(books.rows("sales.xlsx", "All")) == 121
    rows = books.rows("sales.xlsx", "By region")
    for region in REGIONS:
        expected = sum(row["Revenue"] for row in _all_sales() if row["Source"] == region)
        assert [region, expected] in [row[:2] for row in rows]
    sheet = books.sheet("sales.xlsx", "By region")
    assert chart_kinds(sheet) == ["BarChart"]
    is_report(sheet)


@case(
    "workflow",
    'Reconcile the sheets "Employees" and "Payroll" of staff.xlsx by key "Id" on column "Salary" '
    'into a new sheet "Differences". Format the sheet "Differences" as a report.',
)
def _(books: Books) -> None:
    rows = books.rows("staff.xlsx", "Differences")
    assert sorted(column(rows, "Id")) == ["E004", "E008", "E020", "E032", "E041"]
    is_report(books.sheet("staff.xlsx", "Differences"))


@case(
    "workflow",
    'Reconcile the sheets "Items" and "Count" of stock.xlsx by key "Sku" on column "Stock" into a '
    'new sheet "Stocktake". Format the sheet "Stocktake" as a report.',
)
def _(books: Books) -> None:
    rows = books.rows("stock.xlsx", "Stocktake")
    items = before("stock.xlsx", "Items")
    assert sorted(column(rows, "Sku")) == sorted(items[at + 1][0] for at in (5, 14, 33, 52, 70, 81))
    is_report(books.sheet("stock.xlsx", "Stocktake"))


@case(
    "workflow",
    'Clean up the table on sheet "Import" of stock.xlsx. Join the sheet "Import" with the sheet '
    '"Suppliers" by key "Supplier" into a new sheet "Imported". Format the sheet "Imported" as a '
    "report.",
)
def _(books: Books) -> None:
    rows = books.rows("stock.xlsx", "Imported")
    assert rows[0] == ["Sku", "Quantity", "Supplier", "City", "Phone"]
    assert len(rows) == 25
    assert rows[1] == ["N01", 3, "Ostrava Steel", "Ostrava", "+00 555 0100"]
    is_report(books.sheet("stock.xlsx", "Imported"))


@case(
    "workflow",
    'Build a pivot table of sheet "Plan" in budget.xlsx, "Department" down, "Quarter" across, with '
    'the values of "Amount", in a new sheet "Plan pivot". Build a pivot table of sheet "Actual", '
    '"Department" down, "Quarter" across, with the values of "Amount", in a new sheet '
    '"Actual pivot". Format the sheet "Plan pivot" as a report. Format the sheet "Actual pivot" as '
    "a report.",
)
def _(books: Books) -> None:
    for source, target in (("Plan", "Plan pivot"), ("Actual", "Actual pivot")):
        rows = books.rows("budget.xlsx", target)
        assert rows[0] == ["Department", "Q1", "Q2", "Q3", "Q4"]
        expected = sums(before("budget.xlsx", source), "Department", "Amount")
        assert {row[0]: sum(row[1:]) for row in rows[1:]} == expected
        is_report(books.sheet("budget.xlsx", target))


@case(
    "workflow",
    'Join the sheet "Employees" of staff.xlsx with the sheet "Departments" by key "Department" '
    'into a new sheet "Directory". Split the sheet "Directory" by column "Floor" into one sheet '
    'for each value. Format the sheet "Directory" as a report.',
)
def _(books: Books) -> None:
    rows = books.rows("staff.xlsx", "Directory")
    assert len(rows) == 49
    floors = dict(zip(column(rows, "Department"), column(rows, "Floor"), strict=True))
    assert floors["Research"] == 3
    parts = [books.rows("staff.xlsx", str(floor)) for floor in sorted(set(floors.values()))]
    assert sum(len(part) - 1 for part in parts) == 48
    is_report(books.sheet("staff.xlsx", "Directory"))


@case(
    "workflow",
    'Consolidate the sheets "North", "South" and "West" of sales.xlsx into a new sheet "All". '
    'Build a pivot table of sheet "All", "Product" down, "Source" across, with the values of '
    '"Revenue", in a new sheet "Products". Summarize sheet "All" by "Customer" with the sum of '
    'column "Revenue" into a new sheet "Customers". Format the sheet "Products" as a report. '
    'Format the sheet "Customers" as a report.',
)
def _(books: Books) -> None:
    sold = _all_sales()
    rows = books.rows("sales.xlsx", "Products")
    assert rows[0] == ["Product", *REGIONS]
    for name, *values in rows[1:]:
        assert sum(values) == sum(row["Revenue"] for row in sold if row["Product"] == name)
    totals = [row[:2] for row in books.rows("sales.xlsx", "Customers")]
    assert ["Total", sum(row["Revenue"] for row in sold)] in totals
    is_report(books.sheet("sales.xlsx", "Products"))
    is_report(books.sheet("sales.xlsx", "Customers"))


@case(
    "workflow",
    'Join the sheet "Items" of stock.xlsx with the sheet "Suppliers" by key "Supplier" into a new '
    'sheet "Catalogue". Summarize sheet "Catalogue" by "City" with the sum of column "Stock" into '
    'a new sheet "Cities" with a pie chart. Split the sheet "Catalogue" by column "Category" into '
    "one sheet for each value.",
)
def _(books: Books) -> None:
    assert books.rows("stock.xlsx", "Catalogue")[0][-2:] == ["City", "Phone"]
    items = before("stock.xlsx", "Items")
    cities = books.rows("stock.xlsx", "Cities")
    assert ["Total", sum(column(items, "Stock"))] in [row[:2] for row in cities]
    assert chart_kinds(books.sheet("stock.xlsx", "Cities")) == ["PieChart"]
    parts = [books.rows("stock.xlsx", kind) for kind in set(column(items, "Category"))]
    assert sum(len(part) - 1 for part in parts) == 90


@case(
    "workflow",
    'Consolidate the sheets "Plan" and "Actual" of budget.xlsx into a new sheet "Both". Summarize '
    'sheet "Both" by "Source" with the sum of column "Amount" into a new sheet "Plan and actual" '
    'with a bar chart. Build a pivot table of sheet "Both", "Kind" down, "Source" across, with the '
    'values of "Amount", in a new sheet "Kinds". Format the sheet "Kinds" as a report.',
)
def _(books: Books) -> None:
    assert len(books.rows("budget.xlsx", "Both")) == 121
    totals = [row[:2] for row in books.rows("budget.xlsx", "Plan and actual")]
    for name in ("Plan", "Actual"):
        assert [name, sum(column(before("budget.xlsx", name), "Amount"))] in totals
    assert chart_kinds(books.sheet("budget.xlsx", "Plan and actual")) == ["BarChart"]
    kinds = books.rows("budget.xlsx", "Kinds")
    assert kinds[0] == ["Kind", "Actual", "Plan"]
    is_report(books.sheet("budget.xlsx", "Kinds"))
