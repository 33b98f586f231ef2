"""What the guides promise and an earlier release did not keep, promise by promise.

Here: tasks, notifications, sessions and groups. What concerns a single call is in
test_earlier_failures_in_calls.py, what shows in the frames themselves in
test_earlier_failures_on_the_wire.py.
"""

from __future__ import annotations

import threading
from typing import Any

import anyio
import pytest
from zcp_kernel.errors import NotFound, RemoteError

from tests.seeds.talking import ANYTHING, talking_to, value_of
from zcp import (
    FastZCP,
    ZCPSessionGroup,
    stdio_client,
    stdio_server,
)

pytestmark = pytest.mark.anyio


# -- tasks -----------------------------------------------------------------------------------------


async def test_a_tool_that_runs_as_a_task_gets_task_injected() -> None:
    app = FastZCP("Tasks")

    @app.tool(name="work", input_schema=ANYTHING, execution={"taskSupport": "optional"})
    async def work(task: Any = None, ctx: Any = None) -> Any:
        return {"task": task is not None, "ctx": ctx is not None}

    async with talking_to(app) as client:
        assert value_of(await client.call_tool("work", {})) == {"task": False, "ctx": True}
        created = await client.call_tool_as_task("work", {})
        result = await client.get_task_result(created["task"]["taskId"])
        assert value_of(result) == {"task": True, "ctx": True}


async def test_a_sync_handler_can_set_the_status_of_its_task() -> None:
    app, go = FastZCP("Tasks"), threading.Event()

    @app.tool(name="refresh", input_schema=ANYTHING, execution={"taskSupport": "optional"})
    def refresh(task: Any = None) -> Any:
        task.set_status("working", "Refreshing Hangzhou")
        assert go.wait(30)
        return {"status": "refreshed"}

    async with talking_to(app) as client:
        created = await client.call_tool_as_task("refresh", {})
        task_id = created["task"]["taskId"]
        seen = created["task"]
        with anyio.fail_after(30):
            while seen.get("statusMessage") != "Refreshing Hangzhou":
                await anyio.sleep(0.01)
                seen = (await client.get_task(task_id))["task"]
        assert seen["status"] == "working"
        go.set()
        assert value_of(await client.get_task_result(task_id)) == {"status": "refreshed"}


@pytest.mark.parametrize("name", ["maxTokens", "max_tokens"])
async def test_create_message_takes_the_guides_dict(name: str) -> None:
    app = FastZCP("Sampling")
    asked: list[Any] = []

    @app.task("draft")
    async def draft(payload: Any) -> Any:
        request = {"messages": [{"role": "user", "content": "Summarize."}], name: 120}
        return await payload["task"].create_message(request)

    def model(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request["maxTokens"])
        return {"role": "assistant", "content": "Short."}

    async with talking_to(app, sampling_handler=model) as client:
        created = await client.create_task("draft", {})
        outcome = await client.get_task_result(created["task"]["taskId"])
    assert outcome["content"] == {"type": "text", "text": "Short."}
    assert asked == [120]


async def test_the_result_of_a_task_is_waited_for() -> None:
    app, go = FastZCP("Tasks"), anyio.Event()

    @app.task("slow")
    async def slow(payload: Any) -> Any:
        await go.wait()
        return {"done": True}

    results: list[Any] = []
    async with talking_to(app) as client, anyio.create_task_group() as group:
        created = await client.create_task("slow", {})

        async def wait() -> None:
            results.append(await client.get_task_result(created["task"]["taskId"]))

        group.start_soon(wait)
        await anyio.wait_all_tasks_blocked()
        assert results == []
        go.set()
    assert results == [{"done": True}]


async def test_an_unknown_kind_of_task_is_an_error() -> None:
    async with talking_to(FastZCP("Tasks")) as client:
        with pytest.raises(RemoteError, match="not_found:no\\.such\\.kind"):
            await client.create_task("no.such.kind", {"a": 1})


async def test_a_session_does_not_see_the_tasks_of_another() -> None:
    app = FastZCP("Tasks")

    @app.task("quick")
    async def quick(payload: Any) -> Any:
        return 1

    async with stdio_server(app) as server, stdio_client(server) as a, stdio_client(server) as b:
        ids = {(await a.create_task("quick", {}))["task"]["taskId"] for _ in range(20)}
        assert len(ids) == 20
        assert min(map(len, ids)) >= 20, "short ids can be guessed"
        assert {task["taskId"] for task in (await a.list_tasks())["tasks"]} == ids
        assert (await b.list_tasks())["tasks"] == []
        for call in (b.get_task, b.get_task_result, b.cancel_task):
            with pytest.raises(RemoteError, match="not_found"):
                await call(min(ids))


# -- notifications ---------------------------------------------------------------------------------


async def test_notifications_arrive_when_they_are_sent_and_once() -> None:
    app, go = FastZCP("Telling"), anyio.Event()

    @app.tool(name="work", input_schema=ANYTHING, execution={"taskSupport": "optional"})
    async def work(task: Any = None, ctx: Any = None) -> Any:
        await ctx.log("info", "here")
        await task.update_status("half way")
        await go.wait()

    logs: list[Any] = []
    notices: list[Any] = []

    def hear(method: str, params: Any) -> None:
        notices.append((method, params))

    async with talking_to(app, log_handler=logs.append, notification_handler=hear) as client:
        created = await client.call_tool_as_task("work", {})
        # No further request is made: what is heard was pushed.
        await anyio.wait_all_tasks_blocked()
        assert [entry["data"] for entry in logs] == ["here"]
        messages = [params.get("statusMessage") for name, params in notices if "tasks" in name]
        assert messages.count("half way") == 1
        go.set()
        await client.get_task_result(created["task"]["taskId"])


async def test_an_update_reaches_subscribers_from_anywhere_in_the_app() -> None:
    app = FastZCP("Docs")
    app.resource("docs://faq", name="FAQ")(lambda: "Nothing.")
    heard: list[Any] = []

    def hear(method: str, params: Any) -> None:
        heard.append((method, (params or {}).get("uri")))

    async with talking_to(app, notification_handler=hear) as client:
        await client.subscribe_resource("docs://faq")
        await anyio.to_thread.run_sync(app.notify_resource_updated, "docs://faq")
        await client.ping()
        await anyio.wait_all_tasks_blocked()
    assert heard == [("notifications/resources/updated", "docs://faq")]


async def test_list_changed_is_sent_when_a_list_changes() -> None:
    app = FastZCP("Growing")
    app.tool(name="first")(lambda: "first")
    heard: list[str] = []

    async with talking_to(app, notification_handler=lambda name, _: heard.append(name)) as client:
        assert len((await client.list_tools())["tools"]) == 1
        app.tool(name="second")(lambda: "second")
        await client.ping()
        await anyio.wait_all_tasks_blocked()
        assert heard == ["notifications/tools/list_changed"]
        assert len((await client.list_tools())["tools"]) == 2


# -- clients and groups ----------------------------------------------------------------------------


async def test_a_session_can_be_closed_reused_and_is_a_context_manager() -> None:
    app = FastZCP("Closing")
    client = stdio_client(stdio_server(app))
    async with client:
        assert await client.ping() == {"ok": True}
    await client.close()
    await client.close()
    await client.initialize()
    assert await client.ping() == {"ok": True}
    await client.close()


async def test_a_group_tells_backends_apart_lists_every_page_and_calls() -> None:
    def backend(town: str) -> FastZCP:
        app = FastZCP(town)
        for number in range(120):
            app.tool(name=f"{town.lower()}.{number}")(lambda: "x")
        app.tool(name="where")(lambda: town)
        return app

    group = ZCPSessionGroup([stdio_client(stdio_server(backend(t))) for t in ("Rome", "Oslo")])
    async with group:
        for session in group._backends.all:
            await session.session.initialize()
        tools = (await group.list_tools())["tools"]
        assert len(tools) == 242
        origins = {tool["_meta"]["zcp/backend"]["name"] for tool in tools}
        assert origins == {"rome", "oslo"}
        assert (await group.call_tool("oslo.where"))["content"][0]["text"] == "Oslo"
        assert (await group.call_tool("where", backend="rome"))["content"][0]["text"] == "Rome"
        with pytest.raises(Exception, match=r"rome\.where.*oslo\.where"):
            await group.call_tool("where")
        with pytest.raises(NotFound):
            await group.call_tool("nowhere")
