"""Sums, ratios and bars of measured cases."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...report import Bar
from ..measuring.surfaces import BASE, BEST

Row = dict[str, Any]
MOST_MOVED = 0.10
FIRST = "first"
"""The part that holds the very first measurement, kept as it was."""


@dataclass(frozen=True)
class Figures:
    """What was measured, by part."""

    parts: dict[str, list[Row]]

    @classmethod
    def read(cls, path: Path) -> "Figures":
        said = json.loads(path.read_text("utf-8"))
        return cls({name: part["cases"] for name, part in said.items()})

    def surfaces(self, part: str = "main") -> list[str]:
        return list(dict.fromkeys(row["surface"] for row in self.parts.get(part, ())))

    def rows(self, surface: str, part: str = "main", **wanted: Any) -> list[Row]:
        """Cases of a surface; `tier` and `held_out` narrow it."""
        return [
            row
            for row in self.parts.get(part, ())
            if row["surface"] == surface and all(row[name] == is_ for name, is_ in wanted.items())
        ]

    def tokens(self, surface: str, part: str = "main", **wanted: Any) -> int:
        return sum(cost(row) for row in self.rows(surface, part, **wanted))

    def sum(self, member: str, surface: str, part: str = "main", **wanted: Any) -> int:
        return sum(row[member] for row in self.rows(surface, part, **wanted))

    def ratio(self, surface: str, part: str = "main", **wanted: Any) -> float:
        """How many times as much the official SDK takes."""
        own = self.tokens(surface, part, **wanted)
        return self.tokens(BASE.name, part, **wanted) / own if own else 0.0

    def moved(self, surface: str, part: str) -> float:
        """By what share the ratio of a surface moved in another catalogue."""
        return abs(self.ratio(surface, part) / self.ratio(surface) - 1)

    def unsolved(self, part: str = "main") -> list[Row]:
        return [row for row in self.parts.get(part, ()) if row["wrong"] is not None]

    def best(self) -> str:
        """The native profile that takes the fewest tokens over all cases."""
        known = [name for name in BEST if self.rows(name)]
        return min(known, key=self.tokens)

    def bars(self) -> list[Bar]:
        best = self.best()
        bars = [
            Bar(
                f"{best}: official SDK's tokens over its own, all tiers", 4, self.ratio(best), True
            ),
            Bar("the same, single tools", 1.5, self.ratio(best, tier="single"), True),
            Bar("the same, workflows", 8, self.ratio(best, tier="workflow"), True),
        ]
        if "thousand" in self.parts:
            large = self.ratio(best, "thousand")
            bars.append(Bar("the same, 1,000 tools registered", 30, large, True))
        for part in ("renamed", "shuffled"):
            if part in self.parts:
                most = max(self.moved(name, part) for name in self.surfaces(part))
                bars.append(Bar(f"most a ratio moved, {part}", MOST_MOVED, most, False))
        for part in (name for name in self.parts if name != FIRST):
            bars.append(Bar(f"cases not solved, {part}", 0, len(self.unsolved(part)), False))
        return bars


def cost(row: Row) -> int:
    total: int = row["tools"] + row["messages"] + row["answers"]
    return total


def table(head: list[str], lines: list[list[str]]) -> str:
    rule = ["---", *["---:"] * (len(head) - 1)]
    return "\n".join("| " + " | ".join(line) + " |" for line in (head, rule, *lines))


def grouped(number: float) -> str:
    return f"{number:,.0f}"
