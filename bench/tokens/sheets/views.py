"""Charts, filters, rules and lists of choices."""

from typing import Annotated, Literal

from openpyxl.chart import BarChart, LineChart, PieChart, Reference
from openpyxl.chart._chart import ChartBase
from openpyxl.formatting.rule import Rule
from openpyxl.styles import PatternFill
from openpyxl.styles.differential import DifferentialStyle
from openpyxl.utils.cell import range_boundaries
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet
from pydantic import Field

from .books import BookName, CellName, RangeName, SheetName, editing, sheet_of
from .styles import Color

Sign = Literal["greaterThan", "lessThan", "equal"]
_SIGNS: dict[str, Sign] = {"greater": "greaterThan", "less": "lessThan", "equals": "equal"}
ChartKind = Literal["bar", "line", "pie"]


def draw(sheet: Worksheet, kind: str, area: str, title: str, anchor: str) -> None:
    """A chart of a range whose first column has the labels and first row the names of series."""
    chart: ChartBase = {"bar": BarChart, "line": LineChart, "pie": PieChart}[kind]()
    left, top, right, bottom = (number or 1 for number in range_boundaries(area))
    values = Reference(sheet, min_col=left + 1, min_row=top, max_col=right, max_row=bottom)
    chart.add_data(values, titles_from_data=True)
    chart.set_categories(Reference(sheet, min_col=left, min_row=top + 1, max_row=bottom))
    chart.title = title
    sheet.add_chart(chart, anchor)


def add_chart(
    workbook: BookName,
    sheet: SheetName,
    kind: ChartKind,
    range: Annotated[str, Field(description="Labels in the first column, series in the others")],
    title: Annotated[str, Field(description="Title above the chart")],
    cell: Annotated[str, Field(description="Cell where its top left corner goes")] = "F2",
) -> str:
    """Add a bar, line or pie chart of a range to a sheet."""
    with editing(workbook) as book:
        draw(sheet_of(book, sheet), kind, range, title, cell)
    return f"added {kind} chart"


def set_autofilter(workbook: BookName, sheet: SheetName, range: RangeName) -> str:
    """Switch on the autofilter buttons in the header of a range."""
    with editing(workbook) as book:
        sheet_of(book, sheet).auto_filter.ref = range
    return f"autofilter on {range}"


def highlight_cells(
    workbook: BookName,
    sheet: SheetName,
    range: RangeName,
    operator: Literal["greater", "less", "equals"],
    value: Annotated[float, Field(description="What to compare with")],
    color: Color = "FFC7CE",
) -> str:
    """Highlight the cells of a range by a conditional rule: greater, less or equals a value."""
    fill = PatternFill("solid", start_color=color, end_color=color)
    style = DifferentialStyle(fill=fill)
    rule = Rule(type="cellIs", operator=_SIGNS[operator], formula=[f"{value:g}"], dxf=style)
    with editing(workbook) as book:
        sheet_of(book, sheet).conditional_formatting.add(range, rule)
    return f"highlighting {range}"


def add_dropdown(
    workbook: BookName,
    sheet: SheetName,
    range: RangeName,
    choices: Annotated[list[str], Field(description="What may be chosen")],
) -> str:
    """Add a dropdown list of choices to a range, as data validation."""
    with editing(workbook) as book:
        rule = DataValidation(type="list", formula1='"' + ",".join(choices) + '"')
        rule.add(range)
        sheet_of(book, sheet).add_data_validation(rule)
    return f"dropdown in {range}"


def add_hyperlink(
    workbook: BookName,
    sheet: SheetName,
    cell: CellName,
    url: Annotated[str, Field(description="Where the link leads")],
) -> str:
    """Turn a cell into a hyperlink to a web address."""
    with editing(workbook) as book:
        sheet_of(book, sheet)[cell].hyperlink = url
    return f"linked {cell}"
