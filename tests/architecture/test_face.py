"""`import zcp`: every public name has one home, resolves to it, and is used at run time."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest

import zcp
from zcp._origins import ORIGINS
from zcp._resolve import SUBMODULES, MissingExtraError, installed, resolve

from .reference import REFERENCE
from .source import PACKAGES, at_run_time, is_type_checking, modules, tree

FACE = PACKAGES["zcp"]


def typed_names() -> dict[str, str]:
    """Name -> module, as the TYPE_CHECKING block of the face has them."""
    (block,) = [node for node in tree(FACE / "__init__.py").body if is_type_checking(node)]
    assert isinstance(block, ast.If)
    names: dict[str, str] = {}
    for statement in block.body:
        assert isinstance(statement, ast.ImportFrom)
        for alias in statement.names:
            assert alias.asname == alias.name, "re-exports are spelt `import X as X`"
            if statement.module is None:
                assert alias.name in SUBMODULES
                continue
            home = f"zcp.{statement.module}" if statement.level else statement.module
            names[alias.name] = str(home)
    return names


def test_checkers_and_the_run_time_see_the_same_names() -> None:
    assert typed_names() == {name: module for name, (module, _) in ORIGINS.items()}


@pytest.mark.parametrize("name", ORIGINS)
def test_a_name_resolves_to_its_one_home(name: str) -> None:
    value = getattr(zcp, name)
    module, _ = ORIGINS[name]
    assert value is getattr(import_module(module), name)
    assert zcp.__dict__[name] is value, "kept, so that the second look costs nothing"


def test_no_two_names_are_one_object() -> None:
    assert len({id(getattr(zcp, name)) for name in ORIGINS}) == len(ORIGINS)


@pytest.mark.parametrize("name", REFERENCE)
def test_every_name_of_the_reference_has_a_home(name: str) -> None:
    assert name in ORIGINS


@pytest.mark.parametrize("name", sorted(SUBMODULES))
def test_a_submodule_needs_no_import_of_its_own(name: str) -> None:
    code = f"import zcp, sys; assert 'zcp.{name}' not in sys.modules; print(zcp.{name}.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.decode().strip() == f"zcp.{name}"
    assert name in dir(zcp)


# -- used at run time ------------------------------------------------------------------------------


@cache
def users() -> dict[str, set[str]]:
    """By name, the modules whose running code uses it, outside the face and its own definition."""
    found: dict[str, set[str]] = {}
    for module, path in modules().items():
        if path.parent == FACE and path.name != "settings.py":
            continue
        for statement in _statements(tree(path)):
            for name in _used_by(statement) - _defined_by(statement):
                found.setdefault(name, set()).add(module)
    return found


def _statements(module: ast.Module) -> Iterator[ast.stmt]:
    for statement in module.body:
        if not isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield statement


def _defined_by(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
        return {statement.name}
    if isinstance(statement, ast.Assign):
        return {one.id for one in statement.targets if isinstance(one, ast.Name)}
    return set()


def _used_by(statement: ast.stmt) -> set[str]:
    nodes = list(at_run_time(statement))
    loaded = {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    return loaded | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


STARTED_BY_THE_USER = {
    "AnthropicAdapter",
    "MCPGatewayClient",
    "MCPGatewayServer",
    "MCPProfile",
    "OpenAIResponsesAdapter",
    "run_responses_turn",
    "stream_responses_turn",
    "submit_tool_results",
    "elicitation",
    "roots",
    "sampling",
    "SemanticWorkflowProfile",
    "ZCPServerConfig",
    "ZCPSessionGroup",
    "sse_client",
    "sse_server",
    "streamable_http_client",
    "streamable_http_server",
    "run_mcp_stdio_server",
    "run_mcp_stdio_server_sync",
    "serve_websocket",
    "stdio_client",
    "stdio_server",
    "websocket_client",
}
"""Names nothing of ours calls because a program begins with them; an example must."""


@pytest.mark.parametrize("name", ORIGINS)
def test_a_run_time_path_uses_the_name(name: str) -> None:
    used = users().get(name, set())
    if not used and name in STARTED_BY_THE_USER:
        used = {str(path) for path in _examples() if name in _names_in(path)}
    assert used, f"{name} is exported, but nothing that runs uses it"


def _examples() -> list[Path]:
    return sorted((FACE.parents[1] / "examples").rglob("*.py"))


def _names_in(path: Path) -> set[str]:
    return {node.id for node in ast.walk(tree(path)) if isinstance(node, ast.Name)}


# -- what is missing or misspelt -------------------------------------------------------------------


def test_a_misspelt_name_is_an_attribute_error_with_the_near_one() -> None:
    with pytest.raises(AttributeError, match=r"no attribute 'FastZPC'\. Did you mean: 'FastZCP'"):
        zcp.FastZPC  # type: ignore[attr-defined]  # noqa: B018
    assert not hasattr(zcp, "nothing_like_it")


def test_a_missing_extra_names_the_way_to_install_it() -> None:
    origins = {"create_asgi_app": ("zcp_not_there.app", "http"), "Base": ("zcp_not_there", None)}
    with pytest.raises(MissingExtraError) as caught:
        resolve("create_asgi_app", origins)
    assert 'pip install "zero-context-protocol-sdk[http]"' in str(caught.value)
    assert "zcp_not_there" in str(caught.value)
    assert isinstance(caught.value, ImportError)
    with pytest.raises(MissingExtraError, match='pip install "zero-context-protocol-sdk"'):
        resolve("Base", origins)


def test_dir_and_all_list_what_is_installed() -> None:
    origins = {"One": ("zcp.settings", None), "Two": ("zcp_not_there.x", "http")}
    assert installed(origins) == ["One"]
    assert set(ORIGINS) <= set(dir(zcp))
    assert sorted(ORIGINS) == zcp.__all__  # type: ignore[attr-defined]


def test_a_star_import_brings_every_installed_name() -> None:
    names: dict[str, object] = {}
    exec("from zcp import *", names)
    assert set(ORIGINS) <= set(names)


def test_the_guides_import_path_for_stdio() -> None:
    guides = import_module("zcp.mcp_stdio")
    assert guides.run_mcp_stdio_server is zcp.run_mcp_stdio_server
    assert guides.run_mcp_stdio_server_sync is zcp.run_mcp_stdio_server_sync


SNIPPET = """\
from zcp import FastZCP
from zcp import FastZPC
import zcp

app: FastZCP = FastZCP("demo")
zcp.FastZPC("demo")
zcp.ZCPServerConfig(service_nam="x")
"""


def test_mypy_reports_a_misspelt_name(tmp_path: Path) -> None:
    (tmp_path / "snippet.py").write_text(SNIPPET, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "snippet.py"],
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
        cwd=tmp_path,
    )
    complaints = [line for line in done.stdout.splitlines() if line.startswith("snippet.py:")]
    lines = [int(one.split(":")[1]) for one in complaints if ": error:" in one]
    assert sorted(set(lines)) == [2, 6, 7], done.stdout + done.stderr
    assert any('"zcp" has no attribute "FastZPC"' in one for one in complaints)
