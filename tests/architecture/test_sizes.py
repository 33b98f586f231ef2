"""Files under 300 lines, functions under 40: one idea each."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .source import modules, relative, tree

MOST_LINES = 299
MOST_FUNCTION_LINES = 39
"""Lines of a function's body after its docstring."""


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
