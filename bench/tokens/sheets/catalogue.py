"""The tools of the server, in the order in which every server registers them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from . import cells, data, structure, styles, views, workflows

PRIMITIVES: tuple[Callable[..., Any], ...] = (
    structure.list_workbooks,
    structure.create_workbook,
    structure.open_workbook,
    structure.list_sheets,
    structure.add_sheet,
    structure.rename_sheet,
    structure.duplicate_sheet,
    structure.delete_sheet,
    structure.protect_sheet,
    structure.freeze_panes,
    cells.read_cell,
    cells.write_cell,
    cells.read_range,
    cells.read_table,
    cells.write_range,
    cells.append_rows,
    cells.clear_range,
    cells.copy_range,
    cells.set_formula,
    cells.fill_formula,
    cells.replace_values,
    cells.add_comment,
    styles.set_font,
    styles.set_fill,
    styles.set_number_format,
    styles.set_alignment,
    styles.set_border,
    styles.set_column_width,
    styles.merge_cells,
    styles.unmerge_cells,
    data.sort_rows,
    data.filter_rows,
    data.aggregate,
    data.remove_duplicates,
    data.insert_rows,
    data.delete_rows,
    views.add_chart,
    views.set_autofilter,
    views.highlight_cells,
    views.add_dropdown,
    views.add_hyperlink,
)
WORKFLOWS: tuple[Callable[..., Any], ...] = (
    workflows.consolidate_sheets,
    workflows.summarize_by_group,
    workflows.build_pivot,
    workflows.reconcile_sheets,
    workflows.join_sheets,
    workflows.clean_table,
    workflows.split_by_column,
    workflows.format_report,
)


@dataclass(frozen=True)
class Offered:
    """A tool as a server registers it."""

    name: str
    function: Callable[..., Any]
    is_workflow: bool = False


def offered() -> Sequence[Offered]:
    primitive = [Offered(each.__name__, each) for each in PRIMITIVES]
    return [*primitive, *(Offered(each.__name__, each, True) for each in WORKFLOWS)]
