"""The source tree, read without importing it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

PACKAGES: dict[str, Path] = {
    path.name: path
    for root in (ROOT, *sorted(ROOT.glob("zcp-*")))
    for path in sorted((root / "src").glob("zcp*"))
    if (path / "py.typed").is_file()
}
"""Every package of this repository and its folder."""


@cache
def modules() -> dict[str, Path]:
    """Every module of every package: dotted name -> file."""
    return {
        _dotted(name, folder, path): path
        for name, folder in PACKAGES.items()
        for path in sorted(folder.rglob("*.py"))
    }


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"), str(path))


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def is_type_checking(node: ast.AST) -> bool:
    """Whether this is an `if TYPE_CHECKING:` block."""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def at_run_time(node: ast.AST) -> Iterator[ast.AST]:
    """`node` and what is below it, without `if TYPE_CHECKING:` bodies and function annotations."""
    yield node
    if is_type_checking(node):
        assert isinstance(node, ast.If)
        children: list[ast.AST] = list(node.orelse)
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        defaults = [one for one in (*node.args.defaults, *node.args.kw_defaults) if one]
        children = [*node.body, *node.decorator_list, *defaults]
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from at_run_time(child)


def _dotted(name: str, folder: Path, path: Path) -> str:
    parts = [name, *path.relative_to(folder).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
