"""What the guides promise and an earlier release did not keep, promise by promise.

Here: what shows between an app and a client of it in one process. What shows in the frames
themselves is in test_earlier_failures_on_the_wire.py.
"""

from __future__ import annotations

import json
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.errors import NotFound, RemoteError

from zcp import (
    FastZCP,
    PromptArgument,
    ZCPServerConfig,
    ZCPSessionGroup,
    stdio_client,
    stdio_server,
)

pytestmark = pytest.mark.anyio

ANYTHING = {"type": "object"}


@asynccontextmanager
async def talking_to(
    app: FastZCP, config: Any = None, **hooks: Any
) -> AsyncIterator[ZCPClientSession]:
    async with stdio_server(app, config) as server, stdio_client(server, **hooks) as client:
        yield client


def value_of(result: dict[str, Any]) -> Any:
    assert result["isError"] is False, result
    return result["structuredContent"]


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


# -- resources and prompts -------------------------------------------------------------------------


async def test_a_template_hands_over_its_variables() -> None:
    app = FastZCP("Weather")

    @app.resource_template("weather://city/{name}", name="City", mime_type="application/json")
    def city(name: str) -> Any:
        return {"name": name}

    async with talking_to(app) as client:
        (content,) = (await client.read_resource("weather://city/Hang%20zhou"))["contents"]
        assert json.loads(content["text"]) == {"name": "Hang zhou"}
        for uri in ("weather://city/a/b", "weather://city/", "weather://cityscape/x"):
            with pytest.raises(RemoteError, match="not_found"):
                await client.read_resource(uri)


async def test_a_required_prompt_argument_is_required() -> None:
    app = FastZCP("Weather")

    @app.prompt(name="summary", arguments=[PromptArgument(name="city", required=True)])
    def summary(city: str) -> Any:
        return [{"role": "user", "content": f"Summarize weather for {city}"}]

    async with talking_to(app) as client:
        with pytest.raises(RemoteError, match=r"missing|invalid") as caught:
            await client.get_prompt("summary")
        (fault,) = caught.value.data["errors"]
        assert (fault["path"], fault["code"]) == ("arguments.city", "required")


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


# -- registries, arguments, results ----------------------------------------------------------------


async def test_more_than_256_tools_are_listed_and_called() -> None:
    app = FastZCP("Many")
    for number in range(300):
        app.tool(name=f"tool{number}")(lambda number=number: number)
    async with talking_to(app) as client:
        names = [tool["name"] for tool in (await client.list_tools())["tools"]]
        assert names == [f"tool{number}" for number in range(300)]
        assert value_of(await client.call_tool("tool257", {})) == 257


STRICT = {
    "type": "object",
    "$defs": {"city": {"type": "string", "minLength": 2}},
    "properties": {
        "city": {"$ref": "#/$defs/city"},
        "nights": {"type": "integer", "minimum": 1},
        "pace": {"enum": ["slow", "fast", 3]},
    },
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"town": "Rome"}, ("town", "additionalProperties")),
        ({"nights": 0}, ("nights", "minimum")),
        ({"city": "R"}, ("city", "minLength")),
        ({"pace": "wild"}, ("pace", "enum")),
    ],
)
async def test_the_schema_is_enforced(arguments: Any, fault: tuple[str, str]) -> None:
    app = FastZCP("Strict")
    app.tool(name="plan", input_schema=STRICT)(lambda **given: given)
    async with talking_to(app) as client:
        good = {"city": "Rome", "nights": 2, "pace": 3}
        assert value_of(await client.call_tool("plan", good)) == good
        with pytest.raises(RemoteError) as caught:
            await client.call_tool("plan", arguments)
        assert [(e["path"], e["code"]) for e in caught.value.data["errors"]] == [fault]


async def test_what_the_schema_leaves_open_is_passed_on() -> None:
    app = FastZCP("Open")
    app.tool(name="echo", input_schema=ANYTHING)(lambda **given: given)
    async with talking_to(app) as client:
        assert value_of(await client.call_tool("echo", {"extra": [1]})) == {"extra": [1]}


async def test_the_output_schema_is_enforced() -> None:
    app = FastZCP("Typed")
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    app.tool(name="typed", input_schema=ANYTHING, output_schema=schema)(lambda: {"n": "one"})
    async with talking_to(app) as client:
        result = await client.call_tool("typed", {})
    assert result["isError"] is True
    assert "output" in result["content"][0]["text"]


async def test_a_handlers_exception_reaches_the_caller_with_its_message() -> None:
    app = FastZCP("Failing")

    @app.tool(name="look", input_schema=ANYTHING)
    def look() -> None:
        raise LookupError("no weather for Atlantis")

    async with talking_to(app) as client:
        result = await client.call_tool("look", {})
    assert result["isError"] is True
    assert result["content"] == [{"type": "text", "text": "no weather for Atlantis"}]


async def test_a_result_kept_on_the_server_can_be_read_piece_by_piece() -> None:
    app = FastZCP("Rows")
    app.tool(name="rows", output_mode="handle")(lambda: [{"id": n} for n in range(1000)])
    async with stdio_server(app) as server, stdio_client(server) as client:
        handle = (await client.call_tool("rows", {}))["handle"]
        assert handle["count"] == 1000
        page = await client.read_handle(handle["id"], offset=998, limit=5)
        assert page["value"] == [{"id": 998}, {"id": 999}]
        assert page["total"] == 1000
        one = await client.read_handle(handle["id"], pointer="/500/id")
        assert one["value"] == 500
        async with stdio_client(server) as stranger:
            with pytest.raises(RemoteError, match="not_found"):
                await stranger.read_handle(handle["id"])


@pytest.mark.parametrize("mode", ["auto", "handle"])
async def test_an_mcp_client_loses_nothing_of_a_large_result(mode: Any) -> None:
    rows = [{"id": n, "text": "x" * 50} for n in range(1000)]
    app = FastZCP("Rows")
    app.tool(name="rows", output_mode=mode)(lambda: rows)
    async with talking_to(app, prefer=["mcp"]) as client:
        (block,) = (await client.call_tool("rows", {}))["content"]
        assert json.loads(block["text"]) == rows


# -- exposure and scopes ---------------------------------------------------------------------------


def planner(**options: Any) -> FastZCP:
    app = FastZCP("Planner", **options)
    app.tool(name="plan.trip", metadata={"groups": ["workflow"]})(lambda: "planned")
    app.tool(name="city.lookup")(lambda: "found")
    return app


async def test_a_default_profile_leaves_the_mcp_surface_whole() -> None:
    app = planner(default_tool_profile="semantic-workflow")
    async with talking_to(app) as native:
        assert [t["name"] for t in (await native.list_tools())["tools"]] == ["plan.trip"]
    async with talking_to(app, prefer=["mcp"]) as mcp:
        names = [t["name"] for t in (await mcp.list_tools())["tools"]]
        assert names == ["plan.trip", "city.lookup"]
        assert (await mcp.call_tool("city.lookup", {}))["content"][0]["text"] == "found"


async def test_an_unknown_profile_is_an_error_and_not_a_way_round() -> None:
    async with talking_to(planner(default_tool_profile="semantic-workflow")) as client:
        with pytest.raises(RemoteError, match="not_found:x"):
            await client.list_tools(profile="x")
        everything = await client.list_tools(profile="everything")
        assert [tool["name"] for tool in everything["tools"]] == ["plan.trip"]
        with pytest.raises(RemoteError, match=r"not_found:city\.lookup"):
            await client.call_tool("city.lookup", {})


async def test_a_missing_scope_is_an_error_that_names_it() -> None:
    app = FastZCP("Scoped")
    app.tool(name="open")(lambda: "open")
    app.tool(name="shut", required_scopes=("weather.admin",))(lambda: "shut")
    async with talking_to(app, ZCPServerConfig(local_scopes=("weather.read",))) as client:
        assert (await client.call_tool("open", {}))["isError"] is False
        with pytest.raises(RemoteError, match=r"forbidden:missing_scopes:weather\.admin"):
            await client.call_tool("shut", {})
