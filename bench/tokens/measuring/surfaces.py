"""The surfaces: which server, which plane, which host, and what is switched on."""

import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from zcp_kernel.client import session_over
from zcp_kernel.config import ServerConfig
from zcp_kernel.contracts import Dialect
from zcp_kernel.plugins import PluginHost
from zcp_transport_stdio.process import open_process

from zcp import stdio_server

from ...environments import FASTMCP, MCP2, ROOT, Environment, interpreter
from ..hosts import native, plain
from ..servers.ours import app_of, config_of
from ..sheets.registering import Registration
from .wire import Traffic, counted

_SHEETS = ("openpyxl==3.1.5",)
OFFICIAL = Environment("mcp2-sheets", (*MCP2.pins, *_SHEETS))
FASTMCP_SHEETS = Environment("fastmcp-sheets", (*FASTMCP.pins, *_SHEETS))
MCP = "2025-11-25"


@dataclass(frozen=True)
class Surface:
    """`server` is a module of `bench.tokens.servers` in `environment`, or ours without one.
    `profiles` are the views a native model is shown; none: a plain MCP host."""

    name: str
    says: str
    server: str = "ours"
    environment: Environment | None = None
    profiles: tuple[str, ...] = ()
    pipelines: bool = False
    handles: bool = False
    whole_search: bool = False

    @property
    def is_native(self) -> bool:
        return bool(self.profiles)


BASE = Surface("official", "Official MCP Python SDK", "official", OFFICIAL)
_NATIVE = partial(Surface, pipelines=True, handles=True)

SURFACES: tuple[Surface, ...] = (
    BASE,
    Surface("fastmcp-search", "FastMCP with its tool search", "fastmcp_search", FASTMCP_SHEETS),
    Surface("zcp-mcp", "zcp `/mcp`"),
    _NATIVE("everything", "zcp `/zcp`, everything", profiles=("everything",)),
    _NATIVE(
        "semantic-workflow",
        "zcp `/zcp`, semantic-workflow and search for the rest",
        profiles=("semantic-workflow", "discovery"),
    ),
    _NATIVE("discovery", "zcp `/zcp`, discovery", profiles=("discovery",)),
    _NATIVE("budget", "zcp `/zcp`, budget", profiles=("budget",)),
)
BY_NAME = {surface.name: surface for surface in SURFACES}
BEST = ("semantic-workflow", "discovery", "everything", "budget")
"""Native surfaces among which the best is looked for."""

_BARE = Surface("native-bare", "native plane, nothing of it in use", profiles=("everything",))
_FOUND = replace(_BARE, name="searched", profiles=("discovery",), whole_search=True)
STEPS: tuple[Surface, ...] = (
    BASE,
    BY_NAME["zcp-mcp"],
    _BARE,
    replace(_BARE, name="and-handles", says="and large results stay on the server", handles=True),
    replace(_FOUND, name="and-search", says="and tools are searched, not listed", handles=True),
    replace(
        _FOUND,
        name="and-brief",
        says="and what is found is said in a line",
        handles=True,
        whole_search=False,
    ),
    replace(BY_NAME["discovery"], says="and calls are run in pipelines"),
)
"""From the official SDK to the profile `discovery`, one mechanism at a time."""

_ALL = BY_NAME["discovery"]
WITHOUT: tuple[Surface, ...] = (
    replace(_ALL, name="no-pipelines", says="without pipelines", pipelines=False),
    replace(_ALL, name="no-handles", says="without handles", handles=False),
    replace(_ALL, name="no-brief", says="without brief lines", whole_search=True),
    replace(_ALL, name="no-search", says="without search", profiles=("everything",)),
)


@asynccontextmanager
async def opened(
    surface: Surface, registration: Registration, traffic: Traffic
) -> AsyncGenerator[Any]:
    """A client session with the surface's server."""
    if surface.environment is not None:
        module = f"bench.tokens.servers.{surface.server}"
        command = [interpreter(surface.environment), "-m", module, *registration.arguments()]
        connect: Any = partial(open_process, command, cwd=str(ROOT), stderr_handler=_unheard)
        host = PluginHost()
        dialects: Sequence[Dialect] = host.dialects(ServerConfig.load(host))
        options: dict[str, Any] = {"needs_initialize": True, "timeout": 120}
    else:
        config = config_of(pipelines=surface.pipelines, handles=surface.handles)
        server = stdio_server(app_of(registration), config)
        connect, dialects, options = server.connect, server.dialects, {}
    revision = None if surface.is_native else MCP
    async with session_over(
        counted(connect, traffic), dialects=dialects, revision=revision, **options
    ) as session:
        yield session


async def played(surface: Surface, session: Any, client: Any, task: str, model: str) -> str:
    """A task done on a surface; returns the model's last words."""
    if not surface.is_native:
        return await plain.play(session, client, task, model)
    view = native.View(session, surface.profiles, whole_search=surface.whole_search)
    return await native.play(view, client, task, model, handles=surface.handles)


def _unheard(line: Any) -> None:
    if b"Traceback" in (line if isinstance(line, bytes) else str(line).encode()):
        print(line, file=sys.stderr)
