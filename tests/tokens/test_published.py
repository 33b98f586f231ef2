"""What is published is what was measured, with the agent, the cases and the tools of this tree."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench.tokens.__main__ import DOCS, RESULTS
from bench.tokens.cases import every, held_out
from bench.tokens.measuring.origin import digests
from bench.tokens.measuring.parts import PARTS
from bench.tokens.reporting.report import write


@pytest.mark.parametrize("part", PARTS)
def test_figures_belong_to_this_tree(part: str) -> None:
    assert json.loads(RESULTS.read_text("utf-8"))[part]["of"] == digests()


def test_page_and_chart_are_what_the_figures_say(tmp_path: Path) -> None:
    write(RESULTS, tmp_path)
    for name in ("tokens.md", "tokens.svg"):
        assert (tmp_path / name).read_text("utf-8") == (DOCS / name).read_text("utf-8")


def test_bars_are_told_as_they_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missed = write(RESULTS, tmp_path)
    assert bool(missed) == ("MISSED" in capsys.readouterr().out)


def test_there_are_enough_cases_and_a_third_is_held_out() -> None:
    assert len(every()) >= 40
    assert {case.tier for case in every()} == {"single", "chain", "workflow", "goal"}
    assert len(held_out()) * 3 >= len(every()) - 4
