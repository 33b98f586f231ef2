"""A kernel's life: lifespans, failures of the start, ending from anywhere."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from harness import connected_to, make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.config import ServerConfig
from zcp_kernel.errors import ConnectionLost, SetupError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.runtime import Kernel
from zcp_kernel.security import AuthProfile

pytestmark = pytest.mark.anyio


class Diary:
    """What happened, in order; and lifespans that write in it."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @asynccontextmanager
    async def around(self, name: str) -> AsyncIterator[None]:
        self.lines.append(f"enter {name}")
        try:
            yield
        finally:
            self.lines.append(f"leave {name}")

    def plugin(self, name: str) -> object:
        class Plugin:
            @hookimpl
            def zcp_lifespan(inner, kernel: Kernel) -> Any:  # noqa: N805 - self is the diary
                return self.around(name)

        plugin = Plugin()
        plugin.name = name  # type: ignore[attr-defined]
        return plugin


async def test_lifespans_are_entered_once_and_left_in_reverse() -> None:
    diary = Diary()
    plugins = [diary.plugin("one"), diary.plugin("two")]
    app = make_app(plugins=plugins, lifespan=lambda app: diary.around(app.name))
    kernel = app.compose(ServerConfig())
    assert diary.lines == []
    async with kernel.running():
        await kernel.start()
        assert diary.lines == ["enter Test", "enter one", "enter two"]
        async with connected_to(kernel), connected_to(kernel):
            pass
        assert len(diary.lines) == 3
    assert diary.lines[3:] == ["leave two", "leave one", "leave Test"]
    await kernel.aclose()
    assert len(diary.lines) == 6


async def test_an_async_generator_is_a_lifespan_too() -> None:
    diary = Diary()

    async def lifespan(app: FastZCP) -> AsyncIterator[None]:
        async with diary.around(app.name):
            yield

    async with make_app(lifespan=lifespan).compose(ServerConfig()).running():
        assert diary.lines == ["enter Test"]
    assert diary.lines == ["enter Test", "leave Test"]


async def test_a_lifespan_ends_in_the_task_that_began_it() -> None:
    tasks: list[Any] = []

    @asynccontextmanager
    async def lifespan(app: FastZCP) -> AsyncIterator[None]:
        tasks.append(anyio.get_current_task().id)
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.sleep_forever)
            yield
            group.cancel_scope.cancel()
        tasks.append(anyio.get_current_task().id)

    kernel = make_app(lifespan=lifespan).compose(ServerConfig())
    await kernel.start()
    async with anyio.create_task_group() as group:
        group.start_soon(kernel.aclose)
    assert len(set(tasks)) == 1
    assert len(tasks) == 2


async def test_a_failing_lifespan_stops_the_start_with_its_own_error() -> None:
    diary = Diary()

    @asynccontextmanager
    async def broken(app: FastZCP) -> AsyncIterator[None]:
        raise LookupError("no database")
        yield

    class Later:
        name = "later"

        @hookimpl
        def zcp_lifespan(self, kernel: Kernel) -> Any:
            return broken(None)  # type: ignore[arg-type]

    app = make_app(plugins=[diary.plugin("one"), Later(), diary.plugin("never")])
    kernel = app.compose(ServerConfig())
    with pytest.raises(LookupError, match="no database"):
        async with kernel.running():
            pytest.fail("it started")
    assert diary.lines == ["enter one", "leave one"]


async def test_a_lifespan_that_fails_at_the_end_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    @asynccontextmanager
    async def lifespan(app: FastZCP) -> AsyncIterator[None]:
        yield
        raise LookupError("could not save")

    with caplog.at_level(logging.ERROR):
        async with make_app(lifespan=lifespan).compose(ServerConfig()).running():
            pass
    assert "could not save" in caplog.text


async def test_the_end_of_the_kernel_ends_calls_in_flight() -> None:
    app, started, stopped = make_app(), anyio.Event(), anyio.Event()

    @app.tool(name="wait", input_schema={"type": "object"})
    async def wait() -> None:
        started.set()
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()

    lost: list[BaseException] = []

    async def call(client: ZCPClientSession) -> None:
        try:
            await client.call_tool("wait", {})
        except ConnectionLost as error:
            lost.append(error)

    kernel = app.compose(ServerConfig())
    with anyio.fail_after(10):
        async with (
            kernel.running(),
            connected_to(kernel) as client,
            anyio.create_task_group() as group,
        ):
            group.start_soon(call, client)
            await started.wait()
            await kernel.aclose()
            await stopped.wait()
    assert len(lost) == 1


async def test_two_kernels_of_one_app_live_apart() -> None:
    app = make_app()
    app.tool(name="x", input_schema={"type": "object"})(lambda: 1)
    first, second = app.compose(ServerConfig()), app.compose(ServerConfig())
    async with first.running(), connected_to(first) as client:
        async with second.running(), connected_to(second) as other:
            await second.aclose()
            with pytest.raises(RuntimeError, match="not running"):
                await other.call_tool("x", {})
        assert (await client.call_tool("x", {}))["structuredContent"] == 1


async def test_a_composed_kernel_that_never_ran_can_be_closed() -> None:
    kernel = make_app().compose(ServerConfig())
    await kernel.aclose()
    await kernel.aclose()


def test_the_auth_profile_is_settled_by_composition() -> None:
    app = make_app()
    app.auth_profile = AuthProfile(issuer="https://auth.example.com")
    kernel = app.compose(ServerConfig())
    with pytest.raises(SetupError, match="set it before the app is served"):
        app.auth_profile = None
    assert kernel is not None
