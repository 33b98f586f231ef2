"""The table of attacks in the documentation: each row has a test, and the test is there."""

from __future__ import annotations

import re
from pathlib import Path

HERE = Path(__file__).parents[1]
PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "authorization.md"


def test_each_attack_of_the_table_has_its_test() -> None:
    rows = re.findall(r"^\| .*\| `(\w+\.py)::(\w+)` \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert len(rows) > 30
    files: dict[str, str] = {}
    for path in HERE.rglob("test_*.py"):
        files[path.name] = files.get(path.name, "") + path.read_text("utf-8")
    missing = [row for row in rows if f"def {row[1]}(" not in files.get(row[0], "")]
    assert missing == []
