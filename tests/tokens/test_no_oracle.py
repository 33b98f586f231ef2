"""The agent knows nothing but the request: held by what it imports and by what it does."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bench.tokens.agent
from bench.tokens.agent.policy import respond
from bench.tokens.cases import every
from bench.tokens.cases.books import MADE

AGENT = Path(bench.tokens.agent.__file__).parent
SOURCES = sorted(AGENT.glob("*.py"))
ALLOWED = {"collections", "dataclasses", "difflib", "json", "re", "typing"}
"""Nothing that reads a file, a clock, the environment or another module."""


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.level, node.module or ""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_agent_imports_only_itself_and_plain_tools(path: Path) -> None:
    own = {source.stem for source in SOURCES}
    for level, module in _imports(path):
        if level:
            assert level == 1, f"{module}: above the agent's package"
            assert module in own
        else:
            assert module.split(".")[0] in ALLOWED & set(sys.stdlib_module_names)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_the_agent_reaches_nothing_by_other_ways(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert not names & {"open", "eval", "exec", "__import__", "globals", "compile", "getattr"}


def test_the_agent_has_no_words_of_the_workbooks() -> None:
    code = "\n".join(path.read_text("utf-8") for path in SOURCES)
    sheets = {sheet for make in MADE.values() for sheet in make()}
    assert [name for name in (*MADE, *sheets) if f'"{name}"' in code] == []
    assert [case.name for case in every() if case.name in code or case.task[:40] in code] == []


def test_the_answer_depends_on_the_request_alone() -> None:
    tool = {"type": "function", "function": {"name": "t1", "description": "Write a cell."}}
    request = {
        "messages": [{"role": "user", "content": every()[0].task}],
        "tools": [tool],
    }
    assert respond(request) == respond(request)


def test_what_is_not_offered_is_not_called() -> None:
    """The right tool is not known from elsewhere: without it in the request, nothing is called."""
    request = {"messages": [{"role": "user", "content": every()[0].task}], "tools": []}
    answer = respond(request)
    assert "tool_calls" not in answer
    assert answer["content"].startswith("Done")
