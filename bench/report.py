"""Results: figures by contender, bars to pass, and how both are shown."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Bar:
    """Something that must hold: `measured` against `limit`, `at least` or `at most`."""

    what: str
    limit: float
    measured: float
    at_least: bool

    @property
    def ok(self) -> bool:
        return self.measured >= self.limit if self.at_least else self.measured <= self.limit

    def line(self) -> str:
        sign = "≥" if self.at_least else "≤"
        verdict = "ok" if self.ok else "MISSED"
        return f"{self.what}: {self.measured:.2f} ({sign} {self.limit:g}) {verdict}"


@dataclass(frozen=True)
class Table:
    """Figures of one kind: a row per contender, a column per thing measured."""

    title: str
    unit: str
    rows: Mapping[str, Mapping[str, float]]
    bars: Sequence[Bar] = field(default_factory=tuple)

    def columns(self) -> list[str]:
        return list(dict.fromkeys(name for row in self.rows.values() for name in row))

    def as_json(self) -> dict[str, Any]:
        bars = [{**asdict(bar), "ok": bar.ok} for bar in self.bars]
        return {"title": self.title, "unit": self.unit, "rows": self.rows, "bars": bars}

    def as_text(self) -> str:
        """For the terminal: columns aligned, bars below."""
        columns = self.columns()
        head = ["", *columns]
        body = [
            [name, *(number(row.get(column)) for column in columns)]
            for name, row in self.rows.items()
        ]
        widths = [max(len(line[at]) for line in (head, *body)) for at in range(len(head))]
        lines = [
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
            for line in (head, *body)
        ]
        return "\n".join(
            [f"{self.title} ({self.unit})", *lines, *(bar.line() for bar in self.bars)]
        )

    def as_markdown(self) -> str:
        """For the docs: the figures, then the bars."""
        columns = self.columns()
        lines = [
            f"### {self.title}",
            "",
            f"| {self.unit} | {' | '.join(columns)} |",
            f"|---|{'---:|' * len(columns)}",
        ]
        for name, row in self.rows.items():
            cells = " | ".join(number(row.get(column)) for column in columns)
            lines.append(f"| {name} | {cells} |")
        if self.bars:
            lines += ["", "| bar | limit | measured | |", "|---|---:|---:|---|"]
            lines += [_bar_row(bar) for bar in self.bars]
        return "\n".join(lines)


def _bar_row(bar: Bar) -> str:
    sign = "≥" if bar.at_least else "≤"
    verdict = "ok" if bar.ok else "**missed**"
    return f"| {bar.what} | {sign} {bar.limit:g} | {bar.measured:.2f} | {verdict} |"


def number(value: float | None) -> str:
    """A figure with as many digits as it deserves; a dash where there is none."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"
