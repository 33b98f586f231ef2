"""`import zcp` loads nothing; finding plugins loads their `plugin.py` and nothing heavy."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points

HEAVY = {
    "anyio",
    "asyncio",
    "authlib",
    "click",
    "fastjsonschema",
    "httpx2",
    "hypercorn",
    "jsonschema_rs",
    "openai",
    "packaging",
    "pydantic",
    "rich",
    "ssl",
    "starlette",
    "trio",
    "trio_websocket",
    "uvloop",
    "websockets",
}


def loaded_by(code: str) -> set[str]:
    """The modules a fresh interpreter has after running `code`."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=True,
        env={k: v for k, v in os.environ.items() if not k.startswith(("ZCP_", "COVERAGE"))},
    )
    return set(json.loads(done.stdout))


def test_import_zcp_loads_no_plugin_and_nothing_heavy() -> None:
    modules = loaded_by("import zcp")
    ours = {name for name in modules if name.partition(".")[0].startswith("zcp")}
    assert ours == {"zcp", "zcp._origins", "zcp._resolve"}
    assert not modules & HEAVY


def test_listing_the_public_names_imports_none_of_their_homes() -> None:
    modules = loaded_by("import zcp\nassert 'FastZCP' in dir(zcp)\nassert 'FastZCP' in zcp.__all__")
    assert not {name for name in modules if name.startswith(("zcp_", "zcp.settings"))}


def test_discovery_imports_plugin_modules_only() -> None:
    before = loaded_by("import zcp_kernel.lazy, zcp_kernel.plugins")
    after = loaded_by("from zcp_kernel.plugins import PluginHost; PluginHost().load()")
    expected: set[str] = set()
    for point in entry_points(group="zcp"):
        parts = point.module.split(".")
        expected |= {".".join(parts[: n + 1]) for n in range(len(parts))}
    ours = {name for name in after - before if name.startswith("zcp")}
    assert ours == expected
    assert not (after - before) & HEAVY


def test_asking_for_sections_imports_no_server() -> None:
    modules = loaded_by(
        "from zcp_kernel.plugins import PluginHost\n"
        "from zcp_kernel.config import ServerConfig\n"
        "ServerConfig.load(PluginHost(), environ={})"
    )
    assert not modules & (HEAVY - {"anyio", "asyncio", "ssl"})
    assert not {name for name in modules if name.startswith("zcp_kernel._core.handlers")}
