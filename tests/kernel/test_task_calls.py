"""Tasks as a client meets them: started by a tool call or by kind, followed, asked, ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from harness import connected, make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.config import ServerSection, ToolsSection
from zcp_kernel.errors import RegistrationError, RemoteError
from zcp_kernel.security import Principal

pytestmark = pytest.mark.anyio

ANY = {"type": "object"}
CITY = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}


class Told:
    """The statuses a client was told, by task."""

    def __init__(self) -> None:
        self.said: dict[str, list[tuple[str, str | None]]] = {}

    def __call__(self, method: str, params: Any) -> None:
        if method == "notifications/tasks/status":
            line = (params["status"], params.get("statusMessage"))
            self.said.setdefault(params["taskId"], []).append(line)


@asynccontextmanager
async def client_of(app: FastZCP, **more: Any) -> AsyncIterator[ZCPClientSession]:
    with anyio.fail_after(20):
        async with connected(app, **more) as client:
            yield client


async def started(client: ZCPClientSession, tool: str, **arguments: Any) -> str:
    task = (await client.call_tool(tool, arguments, task={"ttl": 60_000}))["task"]
    return str(task["taskId"])


async def settled(client: ZCPClientSession, task_id: str, *statuses: str) -> dict[str, Any]:
    """The task, once it has one of these statuses."""
    while True:
        task: dict[str, Any] = (await client.get_task(task_id))["task"]
        if task["status"] in statuses:
            return task
        await anyio.sleep(0.002)


# -- a tool call as a task -------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["async", "thread", "inline"])
async def test_a_tool_says_how_its_work_goes(kind: str) -> None:
    app = make_app()

    async def loud(city: str, task: Any) -> Any:
        await task.update_status(f"looking at {city}")
        task.set_status("working", "nearly there")
        return {"city": city, "cancelled": task.is_cancelled}

    def quiet(city: str, task: Any) -> Any:
        task.set_status("working", f"looking at {city}")
        task.set_status("working", "nearly there")
        return {"city": city, "cancelled": task.is_cancelled}

    options: dict[str, Any] = {"input_schema": CITY, "execution": {"taskSupport": "optional"}}
    if kind == "async":
        app.tool(name="look", **options)(loud)
    else:
        app.tool(name="look", blocking=kind == "thread", **options)(quiet)
    told = Told()
    async with client_of(app, notification_handler=told) as client:
        task_id = await started(client, "look", city="Oslo")
        result = await client.get_task_result(task_id)
        await client.ping()
        last = (await client.get_task(task_id))["task"]
    assert result["structuredContent"] == {"city": "Oslo", "cancelled": False}
    assert last["status"] == "completed"
    messages = [message for _, message in told.said[task_id]]
    assert messages.index("looking at Oslo") < messages.index("nearly there")
    assert told.said[task_id][-1][0] == "completed"


async def test_called_without_a_task_the_parameter_is_none() -> None:
    app = make_app()

    @app.tool(name="look", input_schema=ANY, execution={"taskSupport": "optional"})
    async def look(task: Any = None) -> Any:
        return {"task": task is not None}

    async with client_of(app) as client:
        assert (await client.call_tool("look", {}))["structuredContent"] == {"task": False}
        task_id = await started(client, "look")
        result = await client.get_task_result(task_id)
        assert result["structuredContent"] == {"task": True}


@pytest.mark.parametrize(
    ("support", "plain", "as_task"),
    [
        (None, None, "invalid:task: x cannot run as a task"),
        ("forbidden", None, "invalid:task: x cannot run as a task"),
        ("optional", None, None),
        ("required", "missing:task: x only runs as a task", None),
    ],
)
async def test_what_a_tool_supports_is_held(
    support: str | None, plain: str | None, as_task: str | None
) -> None:
    app = make_app()
    execution = None if support is None else {"taskSupport": support}
    app.tool(name="x", input_schema=ANY, execution=execution)(lambda: 1)
    async with client_of(app) as client:
        for message, wish in ((plain, None), (as_task, True)):
            if message is None:
                answer = await client.call_tool("x", {}, task=wish)
                assert ("task" in answer) is (wish is not None)
            else:
                # As it stands: `call_tool` makes up for what it forgot.
                wished = {} if wish is None else {"task": {}}
                with pytest.raises(RemoteError, match=message):
                    await client.request("tools/call", {"name": "x", "arguments": {}, **wished})


async def test_arguments_and_scopes_are_checked_before_anything_starts() -> None:
    app = make_app()
    options: dict[str, Any] = {"execution": {"taskSupport": "optional"}}
    app.tool(name="look", input_schema=CITY, **options)(lambda city: city)
    app.tool(name="admin", input_schema=ANY, required_scopes=("a",), **options)(lambda: 1)
    reader = Principal(subject="r", scopes=frozenset(), kind="token")
    async with client_of(app, principal=reader) as client:
        with pytest.raises(RemoteError, match="city"):
            await started(client, "look")
        with pytest.raises(RemoteError, match="forbidden:missing_scopes:a"):
            await started(client, "admin")
        assert (await client.list_tasks())["tasks"] == []


async def test_a_tools_own_failure_is_its_result() -> None:
    app = make_app()

    @app.tool(name="fail", input_schema=ANY, execution={"taskSupport": "optional"})
    async def fail() -> None:
        raise LookupError("no such city")

    async with client_of(app) as client:
        result = await client.get_task_result(await started(client, "fail"))
    assert result["isError"]
    assert result["content"][0]["text"] == "no such city"


async def test_a_tools_timeout_holds_for_its_task() -> None:
    app = make_app()

    @app.tool(name="slow", input_schema=ANY, execution={"taskSupport": "optional"}, timeout=0.02)
    async def slow() -> None:
        await anyio.sleep_forever()

    async with client_of(app) as client:
        result = await client.get_task_result(await started(client, "slow"))
    assert result["isError"]
    assert "did not finish within 0.02 s" in result["content"][0]["text"]


async def test_the_call_that_started_it_is_answered_at_once() -> None:
    app, release = make_app(), anyio.Event()

    @app.tool(name="slow", input_schema=ANY, execution={"taskSupport": "optional"})
    async def slow() -> int:
        await release.wait()
        return 1

    async with client_of(app) as client:
        task_id = await started(client, "slow")
        await settled(client, task_id, "working")
        release.set()
        assert (await client.get_task_result(task_id))["structuredContent"] == 1


# -- kinds -----------------------------------------------------------------------------------------


async def test_a_kind_gets_its_payload_and_returns_any_value() -> None:
    app = make_app()

    @app.task("sum", input_schema={**CITY, "properties": {"city": {"type": "integer"}}})
    async def add(payload: Any, ctx: Any) -> Any:
        assert ctx.task is payload["task"]
        return [payload["city"], ctx.operation]

    @app.task("echo", blocking=False)
    def echo(payload: Any) -> Any:
        return payload["input"]

    async with client_of(app) as client:

        async def run(kind: str, value: Any) -> Any:
            task = (await client.create_task(kind, value))["task"]
            assert task["kind"] == kind
            return await client.get_task_result(task["taskId"])

        assert await run("sum", {"city": "3"}) == [3, "tasks/create"]
        assert await run("echo", [1]) == [1]
        with pytest.raises(RemoteError, match="city"):
            await run("sum", {})
        with pytest.raises(RemoteError, match="not_found:nothing"):
            await run("nothing", {})


async def test_a_kinds_failure_timeout_and_scopes() -> None:
    app = make_app()

    @app.task("broken")
    def broken(payload: Any) -> None:
        raise LookupError("/secret/path")

    @app.task("slow", timeout=0.02)
    async def slow(payload: Any) -> None:
        await anyio.sleep_forever()

    app.task("admin", required_scopes=("a",))(lambda payload: 1)
    reader = Principal(subject="r", scopes=frozenset(), kind="token")
    for masked, message in ((False, "/secret/path"), (True, "internal error")):
        sections: dict[str, object] = {"server": ServerSection(mask_errors=masked)}
        async with client_of(app, principal=reader, sections=sections) as client:
            task_id = (await client.create_task("broken"))["task"]["taskId"]
            with pytest.raises(RemoteError, match=message) as caught:
                await client.get_task_result(task_id)
            assert ("secret" in str(caught.value)) is not masked
            assert (await client.get_task(task_id))["task"]["status"] == "failed"
            late = (await client.create_task("slow"))["task"]["taskId"]
            with pytest.raises(RemoteError, match=r"slow did not finish within 0\.02 s"):
                await client.get_task_result(late)
            with pytest.raises(RemoteError, match="forbidden:missing_scopes:a"):
                await client.create_task("admin")


async def test_a_kind_may_also_be_a_tool_that_only_runs_as_a_task() -> None:
    app = make_app()

    @app.task("refresh", description="Refresh.", input_schema=CITY, as_tool=True)
    async def refresh(payload: Any) -> Any:
        await payload["task"].update_status("on it")
        return {"city": payload["city"]}

    @app.task("quiet", as_tool=True)
    def quiet(payload: Any) -> Any:
        payload["task"].set_status("working", "on it")
        return {"city": payload["city"]}

    async with client_of(app) as client:
        listed = {tool["name"]: tool for tool in (await client.list_tools())["tools"]}
        assert listed["refresh"]["inputSchema"] == CITY
        assert listed["refresh"]["execution"] == {"taskSupport": "required"}
        for name in ("refresh", "quiet"):
            with pytest.raises(RemoteError, match="only runs as a task"):
                await client.request("tools/call", {"name": name, "arguments": {"city": "Oslo"}})
            waited_for = await client.call_tool(name, {"city": "Oslo"})
            assert waited_for["structuredContent"] == {"city": "Oslo"}
            as_tool = await client.get_task_result(await started(client, name, city="Oslo"))
            assert as_tool["structuredContent"] == {"city": "Oslo"}
            task = (await client.create_task(name, {"city": "Oslo"}))["task"]
            assert await client.get_task_result(task["taskId"]) == {"city": "Oslo"}


def test_kinds_are_held_to_their_parameters_and_names() -> None:
    app = make_app()
    with pytest.raises(RegistrationError, match=r"task kind 'x'.*needs 'city'.*test_task_calls"):
        app.task("x")(lambda payload, city: 1)
    app.task("x")(lambda payload: 1)
    with pytest.raises(RegistrationError, match="task kind 'x'"):
        app.task("x")(lambda payload: 1)
    app.tool(name="x", input_schema=ANY)(lambda: 1)


# -- asking ----------------------------------------------------------------------------------------


def asking_app(kind: str) -> FastZCP:
    app = make_app()

    async def loud(payload: Any) -> Any:
        task = payload["task"]
        draft = await task.create_message("Draft?", max_tokens=9)
        action, content = await task.elicit("Send it?", {"type": "object"})
        return [draft.content.text, action, content]

    def quiet(payload: Any) -> Any:
        task = payload["task"]
        draft = task.create_message("Draft?", max_tokens=9)
        action, content = task.elicit("Send it?", {"type": "object"})
        return [draft.content.text, action, content]

    app.task("review")(loud if kind == "async" else quiet)
    return app


@pytest.mark.parametrize("kind", ["async", "thread"])
async def test_a_client_with_hooks_answers_by_itself(kind: str) -> None:
    hooks = {
        "sampling_handler": lambda request: {"role": "assistant", "content": "A draft."},
        "elicitation_handler": lambda request: {"accepted": True, "fields": {"sure": True}},
    }
    async with client_of(asking_app(kind), **hooks) as client:
        task_id = (await client.create_task("review"))["task"]["taskId"]
        result = await client.get_task_result(task_id)
    assert result == ["A draft.", "accept", {"sure": True}]


@pytest.mark.parametrize("kind", ["async", "thread"])
async def test_without_hooks_the_questions_stay_open_until_answered(kind: str) -> None:
    async with client_of(asking_app(kind)) as client:
        task_id = (await client.create_task("review"))["task"]["taskId"]
        waiting = await settled(client, task_id, "input_required")
        ((key, question),) = waiting["inputRequests"].items()
        assert question["method"] == "sampling/createMessage"
        with pytest.raises(RemoteError):
            await client.answer_task(task_id, "no such key", {})
        draft = {"role": "assistant", "content": "A draft."}
        await client.answer_task(task_id, key, draft)
        while True:
            waiting = await settled(client, task_id, "input_required")
            if key not in waiting["inputRequests"]:
                break
        ((key, question),) = waiting["inputRequests"].items()
        assert question["params"]["message"] == "Send it?"
        await client.answer_task(task_id, key, {"action": "decline"})
        assert await client.get_task_result(task_id) == ["A draft.", "decline", None]


# -- following and ending --------------------------------------------------------------------------


async def test_cancelling_ends_the_work_and_is_final() -> None:
    app, stopped = make_app(), anyio.Event()

    @app.tool(name="endless", input_schema=ANY, execution={"taskSupport": "optional"})
    async def endless() -> None:
        try:
            await anyio.sleep_forever()
        finally:
            stopped.set()

    told = Told()
    async with client_of(app, notification_handler=told) as client:
        task_id = await started(client, "endless")
        await settled(client, task_id, "working")
        assert (await client.cancel_task(task_id))["task"]["status"] == "cancelled"
        await stopped.wait()
        with pytest.raises(RemoteError):
            await client.cancel_task(task_id)
        with pytest.raises(RemoteError, match="cancel"):
            await client.get_task_result(task_id)
        await client.ping()
    assert told.said[task_id][-1][0] == "cancelled"


async def test_tasks_belong_to_the_session_that_started_them() -> None:
    app = make_app()
    app.tool(name="x", input_schema=ANY, execution={"taskSupport": "optional"})(lambda: 1)
    async with client_of(app) as client, client_of(app) as other:
        task_id = await started(client, "x")
        assert [each["taskId"] for each in (await client.list_tasks())["tasks"]] == [task_id]
        assert (await other.list_tasks())["tasks"] == []
        for ask in (other.get_task, other.get_task_result, other.cancel_task):
            with pytest.raises(RemoteError, match=f"not_found:{task_id}"):
                await ask(task_id)


async def test_a_large_result_of_a_task_stays_here_as_well() -> None:
    app = make_app()
    options: dict[str, Any] = {"input_schema": ANY, "execution": {"taskSupport": "optional"}}
    app.tool(name="rows", **options)(lambda: list(range(100)))
    sections: dict[str, object] = {"tools": ToolsSection(inline_max_bytes=10)}
    async with client_of(app, sections=sections) as client:
        result = await client.get_task_result(await started(client, "rows"))
        page = await client.read_handle(result["handle"]["id"], limit=2)
    assert page["value"] == [0, 1]
