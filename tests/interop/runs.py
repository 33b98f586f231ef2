"""Which clients meet the everything server, how they shake hands, and where they find it."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

from bench.environments import FASTMCP, MCP1, MCP1_WS, MCP2, TYPESCRIPT, Environment
from tests.interop.serving import SERVERS, SOCKETS, WORKERS

EVERYTHING = "tests.interop.everything_server"
REVISIONS = ("2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25")
NEWEST = REVISIONS[-1]
STATELESS = "2026-07-28"


@dataclass(frozen=True)
class Client:
    """A driver, its environment, its way of shaking hands and the revision that must come of it."""

    driver: str
    environment: Environment
    mode: str
    revision: str


@dataclass(frozen=True)
class Run:
    """A client and where it is sent: `server` is an event loop where the transport is stdio."""

    client: Client
    transport: str
    server: str

    def __str__(self) -> str:
        its = self.client
        return f"{its.driver}-{its.mode}-{its.revision}-{self.transport}-{self.server}"

    def place(self, url: Callable[[str], str]) -> list[str]:
        """What the driver is told: a command, or the URL of an endpoint; `url` starts servers."""
        if self.transport == "stdio":
            return [sys.executable, "-m", EVERYTHING, self.server]
        if self.transport == "ws":
            return [url(self.server).replace("http:", "ws:") + "/ws"]
        path = {"http": "/mcp", "sse": "/sse"}[self.transport]
        return [url(self.server) + path]


MCP1_SDK = Client("mcp1", MCP1, "sdk", NEWEST)
MCP2_LEGACY = Client("mcp2", MCP2, "legacy", NEWEST)
MCP2_AUTO = Client("mcp2", MCP2, "auto", STATELESS)
FASTMCP_LEGACY = Client("fastmcp4", FASTMCP, "legacy", NEWEST)
FASTMCP_AUTO = Client("fastmcp4", FASTMCP, "auto", STATELESS)
TYPESCRIPT1_SDK = Client("typescript1", TYPESCRIPT, "sdk", NEWEST)
TYPESCRIPT2_LEGACY = Client("typescript2", TYPESCRIPT, "legacy", NEWEST)
TYPESCRIPT2_AUTO = Client("typescript2", TYPESCRIPT, "auto", STATELESS)

AS_THEY_ARE = (
    MCP1_SDK, MCP2_LEGACY, MCP2_AUTO, FASTMCP_LEGACY, FASTMCP_AUTO,
    TYPESCRIPT1_SDK, TYPESCRIPT2_LEGACY, TYPESCRIPT2_AUTO,
)  # fmt: skip
"""Every client in every mode its users have."""

PINNED = tuple(
    Client(driver, environment, "pinned", revision)
    for driver, environment, revisions in (
        ("mcp1", MCP1, REVISIONS),
        ("mcp2", MCP2, (*REVISIONS, STATELESS)),
        ("typescript2", TYPESCRIPT, (*REVISIONS, STATELESS)),
    )
    for revision in revisions
)
"""Clients that offer one revision. TypeScript 1.x and FastMCP know no way to."""

OVER_SSE = (
    *(client for client in AS_THEY_ARE if client.revision != STATELESS),
    *(client for client in PINNED if client.revision == REVISIONS[0]),
)
"""The stateless revision has no HTTP+SSE."""

OVER_WEBSOCKET = tuple(
    Client("mcp1", MCP1_WS, mode, revision)
    for mode, revision in (("sdk", NEWEST), *(("pinned", each) for each in REVISIONS))
)
"""The official SDK 1.x is the one that still has a WebSocket."""

RUNS = (
    *(Run(client, "stdio", "asyncio") for client in (*PINNED, *AS_THEY_ARE)),
    *(Run(client, "stdio", "trio") for client in (MCP1_SDK, MCP2_LEGACY, MCP2_AUTO)),
    *(Run(client, "http", SERVERS[0]) for client in PINNED),
    *(Run(client, "http", server) for server in SERVERS for client in AS_THEY_ARE),
    *(Run(client, "http", server) for server in WORKERS for client in (*PINNED, *AS_THEY_ARE)),
    *(Run(client, "sse", server) for server in SERVERS for client in OVER_SSE),
    *(Run(client, "sse", server) for server in WORKERS for client in OVER_SSE),
    *(Run(client, "ws", server) for server in SERVERS + SOCKETS for client in OVER_WEBSOCKET[:1]),
    *(Run(client, "ws", SOCKETS[0]) for client in OVER_WEBSOCKET[1:]),
    *(Run(client, "ws", server) for server in WORKERS for client in OVER_WEBSOCKET),
)
