"""The workbooks every case begins with, and a reader for checkers."""

import random
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

Rows = list[list[Any]]

_PRODUCTS = ("Desk", "Chair", "Lamp", "Shelf", "Sofa")
_CUSTOMERS = ("Adler", "Brandt", "Conti", "Dupont", "Eriksen", "Fischer", "Garcia", "Hansen")
_DEPARTMENTS = ("Finance", "Sales", "Research", "Support", "Legal")
_CATEGORIES = ("Tools", "Paint", "Timber", "Screws", "Lights", "Garden")
_SUPPLIERS = ("Ostrava Steel", "Nordwood", "Lumina", "Bricoline")
_NAMES = ("Anna", "Ben", "Clara", "David", "Emma", "Finn", "Greta", "Hugo", "Ida", "Jonas")


def _sales() -> dict[str, Rows]:
    dice = random.Random(11)
    sheets: dict[str, Rows] = {}
    for number, region in enumerate(("North", "South", "West")):
        rows: Rows = [["Order", "Date", "Customer", "Product", "Quantity", "Revenue"]]
        for at in range(40):
            quantity = dice.randint(1, 12)
            day = date(2026, 1, 5) + timedelta(days=dice.randint(0, 170))
            who, what = dice.choice(_CUSTOMERS), dice.choice(_PRODUCTS)
            price = dice.randint(40, 400)
            order = 1000 * (number + 1) + at
            rows.append([order, day.isoformat(), who, what, quantity, quantity * price])
        sheets[region] = rows
    sheets["Targets"] = [["Region", "Target"], ["North", 60000], ["South", 55000], ["West", 48000]]
    sheets["Notes"] = [["Figure", None], ["Prepared by", "Clara"]]
    return sheets


def _staff() -> dict[str, Rows]:
    dice = random.Random(12)
    people: Rows = [["Id", "Name", "Department", "Salary", "Start", "Status"]]
    for at in range(48):
        started = date(2015, 1, 1) + timedelta(days=dice.randint(0, 4000))
        status = dice.choice(("active", "active", "active", "leave", "left"))
        name = f"{_NAMES[at % 10]} {_CUSTOMERS[at % 8]}"
        pay = 1000 * dice.randint(32, 90)
        where = dice.choice(_DEPARTMENTS)
        people.append([f"E{at + 1:03}", name, where, pay, started.isoformat(), status])
    payroll: Rows = [["Id", "Salary"]]
    for at, person in enumerate(people[1:]):
        if at not in (7, 31):
            payroll.append([person[0], person[3] + (500 if at in (3, 19, 40) else 0)])
    payroll += [payroll[5], payroll[12]]
    places = [[name, _NAMES[at], at + 1] for at, name in enumerate(_DEPARTMENTS)]
    departments: Rows = [["Department", "Manager", "Floor"], *places]
    return {"Employees": people, "Payroll": payroll, "Departments": departments}


def _stock() -> dict[str, Rows]:
    dice = random.Random(13)
    items: Rows = [["Sku", "Item", "Category", "Stock", "Price", "Supplier"]]
    for at in range(90):
        kind, maker = dice.choice(_CATEGORIES), dice.choice(_SUPPLIERS)
        stock, price = dice.randint(0, 150), dice.randint(2, 180) + 0.5
        items.append([f"K{at + 100}", f"{kind} item {at + 1}", kind, stock, price, maker])
    count: Rows = [["Sku", "Stock"]]
    for at, item in enumerate(items[1:]):
        if at not in (14, 70):
            count.append([item[0], item[3] - (2 if at in (5, 33, 52, 81) else 0)])
    suppliers: Rows = [["Supplier", "City", "Phone"]]
    for at, name in enumerate(_SUPPLIERS):
        suppliers.append([name, ("Ostrava", "Umea", "Turin", "Lyon")[at], f"+00 555 01{at}0"])
    messy: Rows = [["Sku", "Quantity", "Supplier"]]
    for at in range(24):
        name = _SUPPLIERS[at % 4]
        messy.append([f" N{at + 1:02} ", str(at * 7 + 3), f"{name}  "])
        if at % 8 == 3:
            messy += [[None, None, None], [f"N{at + 1:02}", at * 7 + 3, name]]
    return {"Items": items, "Count": count, "Suppliers": suppliers, "Import": messy}


def _budget() -> dict[str, Rows]:
    dice = random.Random(14)
    plan: Rows = [["Department", "Quarter", "Kind", "Amount"]]
    actual: Rows = [plan[0]]
    for name in _DEPARTMENTS:
        for quarter in ("Q1", "Q2", "Q3", "Q4"):
            for kind in ("Salaries", "Travel", "Software"):
                amount = 100 * dice.randint(20, 300)
                plan.append([name, quarter, kind, amount])
                actual.append([name, quarter, kind, amount + 100 * dice.randint(-15, 20)])
    summary: Rows = [["Largest department", None], ["Amount", None], ["Remark", None]]
    return {"Plan": plan, "Actual": actual, "Summary": summary, "Cover": [["Budget 2026"]]}


MADE: dict[str, Callable[[], dict[str, Rows]]] = {
    "sales.xlsx": _sales,
    "staff.xlsx": _staff,
    "stock.xlsx": _stock,
    "budget.xlsx": _budget,
}


def lay_out(folder: Path) -> None:
    """Put fresh workbooks into a folder and nothing else."""
    for path in folder.glob("*.xlsx"):
        path.unlink()
    for name, make in MADE.items():
        book = Workbook()
        book.remove(book.worksheets[0])
        for title, rows in make().items():
            sheet = book.create_sheet(title)
            for row in rows:
                sheet.append(row)
        book.save(folder / name)


class Books:
    """The workbooks of a folder, as a checker reads them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, Workbook] = {}

    def book(self, name: str) -> Workbook:
        if name not in self._open:
            assert (self._folder / name).exists(), f"there is no {name}"
            self._open[name] = load_workbook(self._folder / name)
        return self._open[name]

    def sheet(self, book: str, sheet: str) -> Worksheet:
        assert sheet in self.book(book).sheetnames, f"{book} has no sheet {sheet}"
        found = self.book(book)[sheet]
        assert isinstance(found, Worksheet)
        return found

    def rows(self, book: str, sheet: str) -> Rows:
        """Every row that has a value, the header first."""
        rows = self.sheet(book, sheet).iter_rows(values_only=True)
        return [list(row) for row in rows if any(value is not None for value in row)]


def before(book: str, sheet: str) -> Rows:
    """The rows of a sheet as the case began, the header first."""
    return [list(row) for row in MADE[book]()[sheet]]
