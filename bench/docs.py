"""The tables of the performance page, each between its own markers."""

import re
from collections.abc import Mapping, Sequence

from .environments import ROOT
from .report import Table

PAGE = ROOT / "docs" / "explanation" / "performance.md"


def write(tables: Mapping[str, Sequence[Table]], machine: Mapping[str, str]) -> None:
    """Replace what stands between `<!-- bench:NAME -->` and `<!-- /bench:NAME -->`.

    Raises:
        ValueError: the page lacks a marker.
    """
    page = PAGE.read_text(encoding="utf-8")
    for mode, some in tables.items():
        page = _between(page, mode, "\n\n".join(table.as_markdown() for table in some))
    said = ", ".join(f"{name} {value}" for name, value in machine.items())
    PAGE.write_text(_between(page, "machine", f"Measured on: {said}."), encoding="utf-8")


def _between(page: str, name: str, text: str) -> str:
    pattern = re.compile(rf"(<!-- bench:{name} -->\n).*?(<!-- /bench:{name} -->)", re.DOTALL)
    page, found = pattern.subn(lambda at: f"{at[1]}{text}\n{at[2]}", page)
    if found != 1:
        raise ValueError(f"{PAGE.name} needs the marker bench:{name} once")
    return page
