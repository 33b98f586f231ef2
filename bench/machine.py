"""What the figures were taken on, without saying where."""

import json
import os
import platform
import subprocess

from .environments import FASTMCP, MCP2, OURS, Environment, interpreter

_ASK = """
import importlib.metadata, json, sys
print(json.dumps({name: importlib.metadata.version(name) for name in sys.argv[1:]}))
"""


def facts() -> dict[str, str]:
    """Cores, Python, system, and the versions of everybody measured."""
    peers = {**_versions(MCP2, "mcp"), **_versions(FASTMCP, "fastmcp")}
    ours = _versions(OURS, "zero-context-protocol-sdk", "anyio", "orjson", "jsonschema-rs")
    return {
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        **peers,
        **ours,
    }


def _versions(environment: Environment, *names: str) -> dict[str, str]:
    done = subprocess.run(
        [interpreter(environment), "-c", _ASK, *names],
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found
