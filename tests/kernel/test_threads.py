"""Handler threads: what a sync handler may rely on, and what becomes of one nobody waits for."""

from __future__ import annotations

import contextvars
import sys
import threading
from typing import Any

import anyio
import anyio.from_thread
import anyio.lowlevel
import pytest
from harness import connected, make_app
from zcp_kernel.config import ToolsSection

pytestmark = pytest.mark.anyio

REQUEST: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="none")
ANY = {"type": "object"}


async def test_threads_are_used_again() -> None:
    app = make_app()
    names: set[str] = set()

    @app.tool(name="who", input_schema=ANY)
    def who() -> None:
        names.add(threading.current_thread().name)

    async with connected(app) as client:
        for _ in range(20):
            await client.call_tool("who", {})
    assert len(names) == 1


async def test_anyios_own_way_back_to_the_loop_works_in_a_handler() -> None:
    app = make_app()

    async def on_loop() -> int:
        await anyio.lowlevel.checkpoint()
        return threading.get_ident()

    @app.tool(name="back", input_schema=ANY)
    def back() -> bool:
        return anyio.from_thread.run(on_loop) != threading.get_ident()

    async with connected(app) as client:
        assert (await client.call_tool("back", {}))["structuredContent"] is True


async def test_a_handler_sees_a_copy_of_its_calls_context() -> None:
    app = make_app()

    @app.tool(name="mark", input_schema=ANY)
    def mark() -> str:
        before = REQUEST.get()
        REQUEST.set("mine")
        return before

    async with connected(app) as client:
        texts = [(await client.call_tool("mark", {}))["content"][0]["text"] for _ in range(2)]
    assert texts == ["none", "none"]
    assert REQUEST.get() == "none"


async def test_more_calls_than_threads_wait_their_turn() -> None:
    app = make_app()
    inside: list[int] = []
    most: list[int] = []

    @app.tool(name="count", input_schema=ANY)
    def count() -> None:
        inside.append(1)
        most.append(len(inside))
        threading.Event().wait(0.01)
        inside.pop()

    few: dict[str, object] = {"tools": ToolsSection(max_threads=3)}
    async with connected(app, sections=few) as client, anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(client.call_tool, "count", {})
    assert len(most) == 20
    assert max(most) <= 3


async def test_a_cancelled_wait_for_a_slot_loses_none() -> None:
    app = make_app()
    release = threading.Event()
    inside = anyio.Event()

    @app.tool(name="hold", input_schema=ANY)
    def hold() -> None:
        anyio.from_thread.run_sync(inside.set)
        release.wait(20)

    @app.tool(name="quick", input_schema=ANY)
    def quick() -> int:
        return 1

    async with connected(app, sections={"tools": ToolsSection(max_threads=1)}) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "hold", {})
            await inside.wait()
            async with anyio.create_task_group() as waiting:
                waiting.start_soon(client.call_tool, "quick", {})
                await anyio.sleep(0.05)
                waiting.cancel_scope.cancel()
            release.set()
        with anyio.fail_after(5):
            assert (await client.call_tool("quick", {}))["structuredContent"] == 1


async def test_a_handler_learns_that_its_caller_is_gone() -> None:
    app = make_app()
    learned: list[str] = []
    asked, over = anyio.Event(), threading.Event()

    @app.tool(name="ask", input_schema=ANY)
    def ask(ctx: Any) -> None:
        try:
            ctx.elicit("Still there?")
        except Exception:
            learned.append("an exception handlers may swallow")
        except BaseException as error:
            learned.append(type(error).__name__)
        try:
            ctx.check_cancelled()
        except BaseException as error:
            learned.append(type(error).__name__)
        over.set()

    async def never(request: dict[str, Any]) -> Any:
        asked.set()
        await anyio.sleep_forever()

    async with connected(app, elicitation_handler=never) as client:
        async with anyio.create_task_group() as group:
            group.start_soon(client.call_tool, "ask", {})
            await asked.wait()
            group.cancel_scope.cancel()
        assert await anyio.to_thread.run_sync(over.wait, 10)
    assert learned == ["CallerGone", "CallerGone"]


async def test_a_closed_server_leaves_no_thread_waiting() -> None:
    app = make_app()
    names: list[threading.Thread] = []
    release, inside = threading.Event(), anyio.Event()

    @app.tool(name="quick", input_schema=ANY)
    def quick() -> None:
        names.append(threading.current_thread())

    @app.tool(name="stray", input_schema=ANY)
    def stray() -> None:
        names.append(threading.current_thread())
        anyio.from_thread.run_sync(inside.set)
        release.wait(20)

    @app.tool(name="slow", input_schema=ANY, timeout=0.01)
    def slow() -> None:
        stray()

    async with connected(app) as client:
        await client.call_tool("quick", {})
        await client.call_tool("slow", {})
        await inside.wait()
    release.set()
    with anyio.fail_after(10):
        while any(_is_working(thread) for thread in names):  # noqa: ASYNC110 - threads say nothing
            await anyio.sleep(0.01)


def _is_working(thread: threading.Thread) -> bool:
    """Whether the thread is still inside our worker's loop; anyio keeps its own threads a while."""
    frame = sys._current_frames().get(thread.ident or 0)
    while frame is not None:
        if frame.f_code.co_filename.endswith("_core/threads.py"):
            return True
        frame = frame.f_back
    return False
