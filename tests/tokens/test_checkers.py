"""Checkers fail where the work was not done, or not all of it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest

from bench.tokens.cases import Case, every
from bench.tokens.cases.books import lay_out
from bench.tokens.measuring.playing import checked, play
from bench.tokens.measuring.surfaces import BY_NAME
from bench.tokens.sheets.books import serve_from
from bench.tokens.sheets.catalogue import offered

FUNCTIONS = {tool.name: tool.function for tool in offered()}
READING = frozenset(
    [
        "list_workbooks",
        "open_workbook",
        "list_sheets",
        "read_cell",
        "read_range",
        "read_table",
        "filter_rows",
        "aggregate",
    ]
)
NEEDLESS = {"goal-02": {"freeze_panes"}, "goal-08": {"remove_duplicates"}}
"""Calls the agent makes of its own accord: the task does not need them."""

CASES = pytest.mark.parametrize("case", every(), ids=lambda case: case.name)


@CASES
def test_untouched_workbooks_are_wrong(case: Case, originals: Path) -> None:
    assert checked(case, originals) is not None


@CASES
def test_a_part_left_out_is_wrong(case: Case, originals: Path, tmp_path: Path) -> None:
    calls = _solution(case)
    assert _done(case, calls, originals, tmp_path) is None
    needed = {name for name, _ in calls} - READING - NEEDLESS.get(case.name, set())
    assert needed
    for left_out in needed:
        rest = [(name, given) for name, given in calls if name != left_out]
        assert _done(case, rest, originals, tmp_path) is not None, f"does not miss {left_out}"


def _solution(case: Case) -> list[tuple[str, dict[str, Any]]]:
    """The calls that solve a case, in the form a plain host makes them."""
    calls: list[tuple[str, dict[str, Any]]] = []

    def keep(request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        for call in answer.get("tool_calls") or ():
            function = call["function"]
            calls.append((function["name"], json.loads(function["arguments"])))

    async def run() -> None:
        (played,) = await play(BY_NAME["zcp-mcp"], [case], keep=keep)
        assert played.wrong is None

    anyio.run(run)
    return calls


@pytest.fixture(scope="session")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("originals")
    lay_out(folder)
    return folder


def _done(
    case: Case, calls: list[tuple[str, dict[str, Any]]], originals: Path, folder: Path
) -> str | None:
    """What is wrong after these calls on fresh workbooks; calls that fail change nothing."""
    for path in folder.glob("*.xlsx"):
        path.unlink()
    for path in originals.glob("*.xlsx"):
        shutil.copy(path, folder)
    serve_from(folder)
    for name, arguments in calls:
        try:
            FUNCTIONS[name](**arguments)
        except ValueError:
            continue
    return checked(case, folder)
