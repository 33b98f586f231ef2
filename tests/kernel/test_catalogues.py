"""Catalogues: one app composed several ways, changed while it is served."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import anyio.to_thread
import pytest
from harness import connected, connected_to, make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.config import ServerConfig
from zcp_kernel.errors import RegistrationError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.registry import Registry
from zcp_kernel.runtime import Kernel

pytestmark = pytest.mark.anyio

ANY = {"type": "object"}
TOOLS_CHANGED = "notifications/tools/list_changed"


async def nothing() -> None: ...


def add_tool(registry: Registry, name: str) -> None:
    registry.tool(name=name, input_schema=ANY)(nothing)


class Brings:
    """A plugin that adds a tool of its own to whatever is composed."""

    name = "brings"

    @hookimpl
    def zcp_register(self, registry: Registry) -> None:
        add_tool(registry, "brought")


async def names(client: ZCPClientSession) -> list[str]:
    return [tool["name"] for tool in (await client.list_tools())["tools"]]


class Heard:
    """The methods of the notifications a client got."""

    def __init__(self) -> None:
        self.methods: list[str] = []

    def __call__(self, method: str, params: Any) -> None:
        self.methods.append(method)


@asynccontextmanager
async def two_clients(kernel: Kernel) -> AsyncIterator[list[tuple[ZCPClientSession, Heard]]]:
    heard = [Heard(), Heard()]
    async with (
        kernel.running(),
        connected_to(kernel, notification_handler=heard[0]) as one,
        connected_to(kernel, notification_handler=heard[1]) as other,
    ):
        for client in (one, other):
            await client.ping()
        yield [(one, heard[0]), (other, heard[1])]


async def test_what_a_plugin_adds_the_app_never_sees() -> None:
    app = make_app(plugins=[Brings()])
    add_tool(app, "own")
    async with connected(app) as client:
        assert await names(client) == ["own", "brought"]
    assert [tool.definition.name for tool in app.tools] == ["own"]
    async with connected(app) as client:
        assert await names(client) == ["own", "brought"], "composed again, it is added again"


async def test_a_plugin_cannot_take_a_name_of_the_app() -> None:
    app = make_app(plugins=[Brings()])
    add_tool(app, "brought")
    with pytest.raises(RegistrationError, match=r"tool 'brought'.*registered already"):
        app.compose(ServerConfig())


async def test_a_burst_of_changes_is_announced_once_to_every_session() -> None:
    app = make_app()
    async with two_clients(app.compose(ServerConfig())) as clients:
        for number in range(5):
            add_tool(app, f"t{number}")
        for client, heard in clients:
            assert await names(client) == [f"t{number}" for number in range(5)]
            assert heard.methods == [TOOLS_CHANGED]
        app.tools.remove("t0")
        for client, heard in clients:
            assert await names(client) == [f"t{number}" for number in range(1, 5)]
            assert heard.methods == [TOOLS_CHANGED] * 2


async def test_every_composition_of_an_app_follows_it() -> None:
    app = make_app()
    first, second = app.compose(ServerConfig()), app.compose(ServerConfig())
    async with (
        two_clients(first) as [(one, heard_one), _],
        two_clients(second) as [(two, heard_two), _],
    ):
        add_tool(first.registry, "of the first")
        add_tool(app, "of both")
        assert await names(one) == ["of both", "of the first"]
        assert await names(two) == ["of both"]
        assert heard_one.methods == heard_two.methods == [TOOLS_CHANGED]


def late_tool(app: FastZCP) -> None:
    add_tool(app, "late")


def late_resource(app: FastZCP) -> None:
    app.resource("test://late")(nothing)


def late_template(app: FastZCP) -> None:
    app.resource_template("test://late/{name}")(nothing)


def late_prompt(app: FastZCP) -> None:
    app.prompt(name="late")(nothing)


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (late_tool, "tools"),
        (late_resource, "resources"),
        (late_template, "resources"),
        (late_prompt, "prompts"),
    ],
)
async def test_what_changed_is_named_also_from_a_thread(change: Any, kind: str) -> None:
    app = make_app()
    heard = Heard()
    async with connected(app, notification_handler=heard) as client:
        await anyio.to_thread.run_sync(change, app)
        await client.ping()
    assert heard.methods == [f"notifications/{kind}/list_changed"]


async def test_changes_from_many_threads_at_once_lose_nothing() -> None:
    app = make_app()
    async with connected(app) as client:

        def add(number: int) -> None:
            barrier.wait(10)
            add_tool(app, f"t{number}")

        barrier = threading.Barrier(4)
        async with anyio.create_task_group() as group:
            for number in range(4):
                group.start_soon(anyio.to_thread.run_sync, add, number)
        assert sorted(await names(client)) == ["t0", "t1", "t2", "t3"]


async def test_a_tool_that_was_removed_is_gone_and_its_name_is_free() -> None:
    app = make_app()
    add_tool(app, "x")
    async with connected(app) as client:
        app.tools.remove("x")
        assert await names(client) == []
        add_tool(app, "x")
        assert await names(client) == ["x"]
        assert not (await client.call_tool("x", {}))["isError"]
    with pytest.raises(KeyError):
        app.tools.remove("never there")


async def test_after_the_end_a_change_reaches_nobody_and_hurts_nobody() -> None:
    app = make_app()
    kernel = app.compose(ServerConfig())
    async with kernel.running():
        pass
    add_tool(app, "later")
    await anyio.to_thread.run_sync(add_tool, app, "later still")
    assert len(app.tools) == 2


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_nor_when_the_event_loop_is_gone(backend: str) -> None:
    app = make_app()

    async def live() -> None:
        async with app.compose(ServerConfig()).running():
            app.notify_resource_updated("test://x")

    anyio.run(live, backend=backend)
    failures: list[BaseException] = []

    def change() -> None:
        try:
            add_tool(app, "later")
            app.notify_resource_updated("test://x")
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    thread.join(10)
    assert failures == []
    assert len(app.tools) == 1
