"""`connect`: the transport that fits a target."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from harness import make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ServerConfig
from zcp_kernel.connecting import connect
from zcp_kernel.contracts import Channel
from zcp_kernel.errors import ConfigError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.inprocess import InProcessServer
from zcp_kernel.plugins import PluginHost
from zcp_kernel.testing.echo import EchoDialect

pytestmark = pytest.mark.anyio


def adding() -> FastZCP:
    app = make_app("Adding")

    @app.tool
    def add(a: int, b: int) -> int:
        return a + b

    return app


class Carrier:
    """A transport for `carrier:`, to an app in this process; remembers how it was asked."""

    name = "carrier"
    schemes = ("carrier", "stdio")

    def __init__(self) -> None:
        self.server = InProcessServer(adding())
        self.asked: list[tuple[Any, dict[str, Any]]] = []

    def prefer(self, target: Any) -> None:
        return None

    @asynccontextmanager
    async def connect(
        self, target: Any, *, headers: Any = None, env: Any = None, cwd: Any = None
    ) -> AsyncGenerator[Channel]:
        given = {"headers": headers, "env": env, "cwd": cwd}
        self.asked.append((target, {name: each for name, each in given.items() if each}))
        async with self.server.connect() as channel:
            yield channel


class CarrierPlugin:
    def __init__(self) -> None:
        self.carrier = Carrier()

    @hookimpl
    def zcp_transports(self) -> list[Any]:
        return [self.carrier]

    @hookimpl
    def zcp_dialects(self, config: ServerConfig) -> list[Any]:
        return [EchoDialect()]


def host() -> tuple[PluginHost, Carrier]:
    plugin = CarrierPlugin()
    return PluginHost([plugin], discover=False), plugin.carrier


async def reached(carrier: Carrier, target: Any, plugins: PluginHost, **options: Any) -> Any:
    async with connect(target, host=plugins, **options) as client:
        assert (await client.call_tool("add", {"a": 1, "b": 2}))["structuredContent"] == 3
        assert client.transport == "carrier"
    return carrier.asked.pop()


async def test_an_app_and_a_handle_on_one() -> None:
    app = adding()
    for target in (app, InProcessServer(app)):
        async with connect(target) as client:
            assert (await client.call_tool("add", {"a": 1, "b": 2}))["structuredContent"] == 3
            assert client.transport == "in-process"


async def test_a_url_by_its_scheme() -> None:
    plugins, carrier = host()
    fields = {"x-tenant": "acme"}
    asked = await reached(carrier, "CARRIER://loft/7", plugins, headers=fields)
    assert asked == ("CARRIER://loft/7", {"headers": fields})


@pytest.mark.parametrize("command", ["server --fast", ["server", "--fast"], "stdio:server"])
async def test_a_command(command: Any) -> None:
    plugins, carrier = host()
    assert await reached(carrier, command, plugins) == (command, {})


async def test_an_entry_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOFT", "7")
    plugins, carrier = host()
    path = tmp_path / "mcp.json"
    entries = {
        "far": {"url": "carrier://loft/${LOFT}", "headers": {"a": "file", "b": "file"}},
        "near": {"command": "server", "args": ["x"], "env": {"A": "1"}, "cwd": "/srv"},
    }
    path.write_text(json.dumps({"mcpServers": entries}), "utf-8")
    far = ("carrier://loft/7", {"headers": {"a": "file", "b": "mine"}})
    for target, given in (
        (f"{path}:far", {}),
        (path, {"server": "far"}),
        (str(path), {"server": "far"}),
    ):
        assert await reached(carrier, target, plugins, headers={"b": "mine"}, **given) == far
    near = (["server", "x"], {"env": {"A": "1"}, "cwd": "/srv"})
    assert await reached(carrier, entries["near"], plugins) == near
    for target in (path, f"{path}:elsewhere"):
        with pytest.raises(ConfigError, match="far, near"):
            connect(target, host=plugins)
    path.write_text(json.dumps({"mcpServers": {"far": entries["far"]}}), "utf-8")
    assert (await reached(carrier, path, plugins))[0] == "carrier://loft/7"


def test_schemes_nobody_brings() -> None:
    plugins, _ = host()
    with pytest.raises(ConfigError, match=r"no transport for wss: .*carrier.*\[ws\]"):
        connect("wss://mcp.example/ws", host=plugins)
    with pytest.raises(ConfigError, match="no transport for gopher"):
        connect("gopher://mcp.example/", host=plugins)


def test_options_that_do_not_fit() -> None:
    plugins, _ = host()
    with pytest.raises(TypeError, match=r"carrier: .*colour"):
        connect("carrier://loft", host=plugins, colour="red")
    with pytest.raises(TypeError, match="headers: no option for a server in this process"):
        connect(adding(), headers={})
    with pytest.raises(TypeError, match="names an entry"):
        connect("carrier://loft", host=plugins, server="x")


async def test_a_real_command() -> None:
    pytest.importorskip("zcp_transport_stdio")
    code = "from zcp_kernel.app import FastZCP; from zcp_transport_stdio import "
    code += "run_mcp_stdio_server_sync as run; run(FastZCP('Far'))"
    async with connect([sys.executable, "-c", code]) as client:
        assert client.server_info["name"] == "Far"
        assert client.transport == "stdio"
