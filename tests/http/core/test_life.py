"""Starting and stopping: with a lifespan, without one, and again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from http_core import Site, configured, running, weather
from zcp_kernel.app import FastZCP

pytestmark = pytest.mark.anyio


def recording(events: list[str], failing: int = 0, began: anyio.Event | None = None) -> FastZCP:
    """An app whose lifespan leaves its steps in `events`; its first `failing` starts fail."""

    @asynccontextmanager
    async def lifespan(app: FastZCP) -> AsyncIterator[None]:
        events.append("start")
        if began is not None:
            began.set()
        await anyio.sleep(0.01)
        if events.count("start") <= failing:
            raise OSError("no database")
        yield
        events.append("stop")

    return weather(lifespan=lifespan)


async def lifespan_of(application: Any, messages: list[Any], stop: anyio.Event) -> None:
    steps = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

    async def receive() -> dict[str, Any]:
        message = next(steps)
        if message["type"] == "lifespan.shutdown":
            await stop.wait()
        return message

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    await application({"type": "lifespan"}, receive, send)


async def test_the_lifespan_starts_and_stops_the_server() -> None:
    events: list[str] = []
    application = configured(recording(events))
    messages: list[Any] = []
    stop = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(lifespan_of, application, messages, stop)
        client = Site(application, tasks).client()
        await client.initialize()
        assert events == ["start"]
        stop.set()
    assert events == ["start", "stop"]
    kinds = [each["type"] for each in messages]
    assert kinds == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_lifespan_that_fails_says_why() -> None:
    application = configured(recording([], failing=1))
    messages: list[Any] = []
    await lifespan_of(application, messages, anyio.Event())
    assert messages == [{"type": "lifespan.startup.failed", "message": "no database"}]


async def test_without_a_lifespan_the_first_request_starts_it_once() -> None:
    events: list[str] = []
    async with running(configured(recording(events))) as here:
        statuses: list[int] = []

        async def ask() -> None:
            statuses.append((await here.client("/readyz").request("GET")).status)

        async with anyio.create_task_group() as many:
            for _ in range(20):
                many.start_soon(ask)
        assert statuses == [200] * 20
        assert events == ["start"]
    assert events == ["start", "stop"]


async def test_a_client_that_leaves_during_the_start_does_not_spoil_it() -> None:
    events: list[str] = []
    began = anyio.Event()
    application = configured(recording(events, began=began))
    async with anyio.create_task_group() as first:
        client = Site(application, first).client("/healthz")
        first.start_soon(client.request, "GET")
        await began.wait()
        first.cancel_scope.cancel()
    async with running(application) as here:
        assert (await here.client("/healthz").request("GET")).status == 200
    assert events == ["start", "stop"]


async def test_a_start_that_failed_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    events: list[str] = []
    async with running(configured(recording(events, failing=1))) as here:
        answer = await here.client("/healthz").request("GET")
        assert answer.status == 503
        assert "no database" not in answer.body.decode(), "why is for the log"
        assert "no database" in caplog.text
        assert (await here.client("/healthz").request("GET")).status == 200


async def test_it_serves_again_after_its_end() -> None:
    events: list[str] = []
    application = configured(recording(events))
    for _ in range(2):
        async with running(application) as here:
            await here.client().initialize()
    assert events == ["start", "stop"] * 2


def test_it_serves_in_one_event_loop_after_another(anyio_backend: str) -> None:
    application = configured(weather())
    statuses: list[int] = []

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            client = Site(application, tasks).client("/readyz")
            statuses.append((await client.request("GET")).status)

    for _ in range(3):
        anyio.run(main, backend=anyio_backend)
    assert statuses == [200] * 3


def test_nothing_is_left_at_the_end_of_the_loop(anyio_backend: str) -> None:
    """Warnings are errors here: a task that is destroyed while pending would be one."""
    events: list[str] = []
    application = configured(recording(events))

    async def main() -> None:
        async with anyio.create_task_group() as tasks:
            await Site(application, tasks).client().initialize()
            tasks.cancel_scope.cancel()

    anyio.run(main, backend=anyio_backend)
    assert events[0] == "start"


async def test_draining_ends_streams_and_readiness_but_not_calls() -> None:
    async with running(configured(weather())) as here:
        client = here.client()
        await client.initialize("2025-11-25")
        answers: list[Any] = []

        async def call() -> None:
            answers.append(await client.post(client.tool("slow", {"seconds": 0.3})))

        async with anyio.create_task_group() as calls, client.open("GET") as stream:
            await stream.event()
            calls.start_soon(call)
            await anyio.sleep(0.05)
            here.application.drain()
            last = (await stream.rest())[-1]
            assert last.id is not None, "something to come back with"
            probe = await here.client("/readyz").request("GET")
            assert probe.status == 503
            assert probe.message["checks"]["server"] == "stopping"
        assert answers[0].message["result"]["content"][0]["text"] == "done"


async def test_an_unknown_kind_of_scope_is_an_error() -> None:
    with pytest.raises(ValueError, match="telepathy"):
        await configured(weather())({"type": "telepathy"}, None, None)  # type: ignore[arg-type]
