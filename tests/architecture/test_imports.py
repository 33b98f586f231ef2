"""Directions of import: the contracts of .importlinter, and each package's own short list."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from .source import PACKAGES, ROOT, modules, relative, tree

MAY_IMPORT: dict[str, set[str]] = {
    "zcp": {"anyio", "attrs", "click", "rich", *PACKAGES},
    "zcp_auth_oauth": {
        "anyio",
        "argon2",
        "attrs",
        "authlib",
        "click",
        "cryptography",
        "httpx2",
        "joserfc",
        "platformdirs",
        "starlette",
        "zcp_kernel",
    },
    "zcp_kernel": {"anyio", "attrs", "cattrs", "fastjsonschema", "orjson", "packaging", "pluggy"},
    "zcp_profiles": {"anyio", "attrs", "cattrs", "cryptography", "zcp_kernel"},
    "zcp_store_sqlite": {"anyio", "attrs", "click", "cryptography", "zcp_kernel"},
    "zcp_transport_http": {"anyio", "attrs", "httpx2", "hypercorn", "wsproto", "zcp_kernel"},
    "zcp_transport_stdio": {"anyio", "attrs", "zcp_kernel"},
    "zcp_transport_ws": {
        "anyio",
        "attrs",
        "trio",
        "trio_websocket",
        "websockets",
        "zcp_kernel",
    },
}

OPTIONAL: dict[str, tuple[str, ...]] = {
    "anthropic": ("zcp_profiles.anthropic",),
    "openai": ("zcp_profiles.openai",),
    "jsonschema_rs": ("zcp_kernel._core.schema",),
    "opentelemetry": ("zcp_transport_http",),
    "trio": ("zcp_kernel._core.supervisor", "zcp_transport_http", "zcp_transport_stdio"),
    "pytest": (
        "zcp_auth_oauth.testing",
        "zcp_kernel.testing",
    ),
}
"""Libraries that need not be there, and the only places that may import them."""

NEED_THEIR_LIBRARY = (
    "zcp_auth_oauth.testing",
    "zcp_kernel._core.schema.rs",
    "zcp_kernel._core.schema.rs_faults",
    "zcp_kernel.testing",
    "zcp_transport_http.telemetry",
    "zcp_transport_http.under_hypercorn.on_trio",
    "zcp_transport_stdio.trio_io",
    "zcp_transport_ws.client.on_trio",
    "zcp_transport_ws.server.on_trio",
    "zcp_transport_ws.sockets.on_trio",
)
"""Modules that are imported only where their optional library is."""


def test_the_contracts_of_import_linter_are_kept() -> None:
    # In a process of its own: it switches off every logger there is.
    script = "from importlinter.cli import lint_imports; exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_has_its_list() -> None:
    assert set(MAY_IMPORT) == set(PACKAGES)


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_its_list_allows(package: str) -> None:
    allowed = MAY_IMPORT[package] | {package} | set(sys.stdlib_module_names)
    strangers = {
        f"{relative(path)}:{line}": library
        for name, path in modules().items()
        if name.partition(".")[0] == package
        for library, line in _imported(tree(path))
        if library not in allowed and not _may(name, library)
    }
    assert strangers == {}


def test_everything_imports_without_the_optional_libraries() -> None:
    names = [name for name in modules() if not _below(name, NEED_THEIR_LIBRARY)]
    script = "import sys\n"
    script += "".join(f"sys.modules[{library!r}] = None\n" for library in OPTIONAL)
    script += "".join(f"import {name}\n" for name in names if not name.endswith("__main__"))
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def _may(module: str, library: str) -> bool:
    return _below(module, OPTIONAL.get(library, ()))


def _below(module: str, packages: tuple[str, ...]) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in packages)


def _imported(module: ast.Module) -> Iterator[tuple[str, int]]:
    """The top-level packages a module imports anywhere, with their lines."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            yield from ((alias.name.partition(".")[0], node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield str(node.module).partition(".")[0], node.lineno
