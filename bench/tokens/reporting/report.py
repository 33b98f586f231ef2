"""Writes `tokens.md` and `tokens.svg` from `tokens.json`."""

from pathlib import Path

from ..cases import TIERS, every, held_out
from ..measuring.meter import ENCODING
from ..measuring.parts import THOUSAND
from ..measuring.surfaces import BASE, BY_NAME, STEPS, WITHOUT
from ..sheets.catalogue import PRIMITIVES, WORKFLOWS
from .chart import svg
from .figures import FIRST, Figures, grouped, table

_TEXT = Path(__file__).with_name("page.md")


def write(results: Path, docs: Path) -> int:
    """Write page and chart. Returns 1 if a bar was missed, after saying which."""
    figures = Figures.read(results)
    sections = {
        "encoding": ENCODING,
        "cases": str(len(every())),
        "primitives": str(len(PRIMITIVES)),
        "workflows": str(len(WORKFLOWS)),
        "held": str(len(held_out())),
        "best": figures.best(),
        "best_ratio": f"{figures.ratio(figures.best()):.1f}",
        "bars": _bars(figures),
        "totals": _totals(figures),
        "tiers": _tiers(figures),
        "held_out": _held_out(figures),
        "first": _first(figures),
        "steps": _steps(figures),
        "without": _without(figures),
        "large": _large(figures),
        "moved": _moved(figures),
        "bytes": _bytes(figures),
    }
    page = _TEXT.read_text("utf-8")
    for name, text in sections.items():
        page = page.replace("{{" + name + "}}", text)
    (docs / "tokens.md").write_text(page, encoding="utf-8")
    (docs / "tokens.svg").write_text(svg(figures, figures.surfaces()), encoding="utf-8")
    bars = figures.bars()
    print("\n".join(bar.line() for bar in bars))
    return 0 if all(bar.ok for bar in bars) else 1


def _bars(figures: Figures) -> str:
    return "\n".join(f"- {bar.line()}" for bar in figures.bars())


def _totals(figures: Figures) -> str:
    lines = [
        [
            f"{BY_NAME[name].says} (`{name}`)",
            *(grouped(figures.sum(part, name)) for part in ("tools", "messages", "answers")),
            grouped(figures.tokens(name)),
            f"{figures.ratio(name):.2f}",
            grouped(figures.sum("requests", name)),
            f"{sum(row['wrong'] is None for row in figures.rows(name))} of {len(every())}",
        ]
        for name in figures.surfaces()
    ]
    head = ["Surface", "tools", "messages", "answers", "all", "ratio", "requests", "solved"]
    return table(head, lines)


def _tiers(figures: Figures) -> str:
    lines = [
        [
            f"`{name}`",
            *(
                f"{grouped(figures.tokens(name, tier=tier))} ({figures.ratio(name, tier=tier):.2f})"
                for tier in TIERS
            ),
        ]
        for name in figures.surfaces()
    ]
    return table(["Surface", *TIERS], lines)


def _held_out(figures: Figures) -> str:
    lines = [
        [
            f"`{name}`",
            *(
                f"{grouped(figures.tokens(name, held_out=held))} "
                f"({figures.ratio(name, held_out=held):.2f})"
                for held in (False, True)
            ),
        ]
        for name in figures.surfaces()
    ]
    return table(["Surface", "made with", "held out"], lines)


def _first(figures: Figures) -> str:
    """The very first measurement, as it was."""
    lines = []
    for name in figures.surfaces(FIRST):
        rows = figures.rows(name, FIRST, held_out=True)
        lines.append(
            [
                f"`{name}`",
                grouped(figures.tokens(name, FIRST)),
                f"{figures.ratio(name, FIRST):.2f}",
                f"{grouped(figures.tokens(name, FIRST, held_out=True))} "
                f"({figures.ratio(name, FIRST, held_out=True):.2f})",
                f"{sum(row['wrong'] is None for row in rows)} of {len(rows)}",
                ", ".join(row["case"] for row in rows if row["wrong"] is not None) or "none",
            ]
        )
    head = ["Surface", "all tokens", "ratio", "held out", "held out, solved", "not solved"]
    return table(head, lines)


def _steps(figures: Figures) -> str:
    lines, before = [], 0
    for step in STEPS:
        part = "main" if figures.rows(step.name) else "mechanisms"
        now = figures.tokens(step.name, part)
        change = f"{now / before - 1:+.0%}" if before else ""
        base = figures.tokens(BASE.name)
        lines.append([step.says, grouped(now), change, f"{base / now:.2f}"])
        before = now
    return table(["One mechanism after the other", "tokens", "change", "ratio"], lines)


def _without(figures: Figures) -> str:
    whole = figures.tokens("discovery")
    lines = [["`discovery`, with all", grouped(whole), ""]]
    for each in WITHOUT:
        tokens = figures.tokens(each.name, "mechanisms")
        lines.append([each.says, grouped(tokens), f"{tokens / whole - 1:+.0%}"])
    return table(["Leaving one out", "tokens", "change"], lines)


def _large(figures: Figures) -> str:
    lines = [
        [
            f"`{name}`",
            grouped(figures.tokens(name, "thousand")),
            f"{figures.ratio(name, 'thousand'):.1f}",
            *(f"{figures.ratio(name, 'thousand', tier=tier):.1f}" for tier in TIERS),
        ]
        for name in figures.surfaces("thousand")
    ]
    head = [f"{THOUSAND:,} tools", "tokens", "ratio", *(f"ratio, {tier}" for tier in TIERS)]
    return table(head, lines)


def _moved(figures: Figures) -> str:
    parts = [part for part in ("renamed", "shuffled") if part in figures.parts]
    lines = [
        [
            f"`{name}`",
            f"{figures.ratio(name):.2f}",
            *(
                f"{figures.ratio(name, part):.2f} ({figures.moved(name, part):.1%})"
                for part in parts
            ),
        ]
        for name in figures.surfaces()
        if all(figures.rows(name, part) for part in parts)
    ]
    return table(["Surface", "ratio", *parts], lines)


def _bytes(figures: Figures) -> str:
    base = figures.sum("bytes", BASE.name)
    lines = [
        [
            f"`{name}`",
            grouped(figures.sum("bytes", name)),
            f"{base / figures.sum('bytes', name):.2f}",
        ]
        for name in figures.surfaces()
    ]
    return table(["Surface", "bytes", "ratio"], lines)
