"""The Python samples of the users' guides, as they stand there."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

GUIDES = Path(__file__).parents[2] / "docs" / "guides"


@frozen
class Sample:
    """One fenced block. `id` is guide and heading, with a number from the second one on."""

    id: str
    source: str


def samples() -> dict[str, Sample]:
    """Every Python block of every guide, by id."""
    found = [each for path in sorted(GUIDES.glob("*.md")) for each in _of(path)]
    return {each.id: each for each in found}


def _of(path: Path) -> Iterator[Sample]:
    heading, fence, lines = "", "", list[str]()
    seen: Counter[str] = Counter()
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("```"):
            if fence == "python":
                seen[heading] += 1
                number = f" ({seen[heading]})" if seen[heading] > 1 else ""
                yield Sample(f"{path.stem}: {heading}{number}", "\n".join(lines) + "\n")
            fence, lines = ("", []) if fence else (line[3:], [])
        elif fence:
            lines.append(line)
        elif match := re.fullmatch(r"#+ (.+)", line):
            heading = match[1].replace("`", "")
