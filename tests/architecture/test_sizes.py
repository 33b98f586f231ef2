"""Files under 300 lines, functions under 40: one idea each."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from .source import modules, relative, tree

MOST_LINES = 299
MOST_FUNCTION_LINES = 39
"""Lines of a function's body after its docstring."""

MOST_HEART_LINES = 3_500
"""Lines of what routes and runs a request in the kernel: docs/explanation/architecture.md."""

MOST_ROOM_LINES = 2_000
"""Lines of any other package of the kernel."""


def test_files_are_short() -> None:
    lengths = {relative(path): _lines(path.read_text("utf-8")) for path in modules().values()}
    assert {path: n for path, n in lengths.items() if n > MOST_LINES} == {}


def test_functions_are_short() -> None:
    long = {
        f"{relative(path)}:{function.lineno} {function.name}": length
        for path in modules().values()
        for function in _functions(tree(path))
        if (length := _body_lines(function)) > MOST_FUNCTION_LINES
    }
    assert long == {}


def test_the_kernels_heart_and_rooms_stay_small() -> None:
    kernel = next(path for path in modules().values() if path.name == "hookspecs.py").parent
    heart = _code_lines(kernel / "_core") + _code_lines(kernel / "contracts")
    assert heart < MOST_HEART_LINES
    rooms = [path for path in (*kernel.iterdir(), *(kernel / "_core").iterdir()) if path.is_dir()]
    sizes = {path.name: _code_lines(path) for path in rooms if path.name != "_core"}
    assert {name: size for name, size in sizes.items() if size >= MOST_ROOM_LINES} == {}


def _code_lines(folder: Path) -> int:
    """Lines directly in this folder that are neither blank nor a comment."""
    lines = (
        line.strip()
        for path in folder.glob("*.py")
        for line in path.read_text("utf-8").splitlines()
    )
    return sum(1 for line in lines if line and not line.startswith("#"))


def _lines(text: str) -> int:
    return text.count("\n")


def _functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(module):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) is not None else function.body
    if not body:
        return 0
    return (body[-1].end_lineno or body[-1].lineno) - body[0].lineno + 1
