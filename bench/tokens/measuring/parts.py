"""The parts of the measurement; each can be run by itself and lands in the same file."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..cases import every, held_out
from .origin import digests
from .playing import PLAIN, Catalogue, Played, all_played
from .surfaces import BASE, BEST, BY_NAME, STEPS, SURFACES, WITHOUT, Surface

SEED = 20261120
THOUSAND = 1000
_LARGE = (BASE, BY_NAME["fastmcp-search"], *(BY_NAME[name] for name in BEST[:2]))

PARTS: dict[str, tuple[Sequence[Surface], Catalogue]] = {
    "main": (SURFACES, PLAIN),
    "mechanisms": ((*STEPS[2:-1], *WITHOUT), PLAIN),
    "renamed": (SURFACES, Catalogue(rename=SEED)),
    "shuffled": (SURFACES, Catalogue(shuffle=SEED)),
    "thousand": (_LARGE, Catalogue(tools=THOUSAND)),
}
"""Surfaces and catalogue of each part; every part plays every case."""


def measure(part: str, path: Path, tell: Callable[[str], None] = print) -> None:
    """Play a part and put its results into a JSON file, beside those of other parts."""
    surfaces, catalogue = PARTS[part]
    rows: list[Played] = []
    for surface in surfaces:
        played = all_played([surface], every(), catalogue)
        rows += played
        solved = sum(one.wrong is None for one in played)
        tokens = sum(one.spent.total for one in played)
        tell(f"{part} {surface.name}: {solved} of {len(played)} solved, {tokens} tokens")
    known: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    known[part] = {"of": digests(), "cases": [_row(one) for one in rows]}
    path.write_text(_text(known), encoding="utf-8")


def _row(one: Played) -> dict[str, Any]:
    row = {name: value for name, value in asdict(one).items() if name not in ("spent", "said")}
    return {**row, **asdict(one.spent), "held_out": one.case in held_out()}


def _text(parts: dict[str, Any]) -> str:
    """JSON with a line for each case, so that a new measurement shows as a readable difference."""
    said = [
        f' "{name}": {{"of": {json.dumps(part["of"])}, "cases": [\n  '
        + ",\n  ".join(json.dumps(row) for row in part["cases"])
        + "\n ]}"
        for name, part in parts.items()
    ]
    return "{\n" + ",\n".join(said) + "\n}\n"
