"""Tasks as an extension: `io.modelcontextprotocol/tasks` over the one engine."""

from __future__ import annotations

from functools import partial
from typing import Any

import anyio
import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.context import Context, elicitation
from zcp_kernel.errors import RemoteError, ToolError
from zcp_kernel.model import ElicitationResult
from zcp_kernel.security import Principal
from zcp_kernel.tasks import TaskExecutionContext

from .raw import ALICE, EVERYTHING, FORM, TASKS, WITH_TASKS, Server, make_app, serving
from .test_listening import listening, settled

pytestmark = pytest.mark.anyio

OPTIONAL = {"task_support": "optional"}
REQUIRED = {"task_support": "required"}
LACKING: dict[str, Any] = {"requiredCapabilities": {"extensions": {TASKS: {}}}}
CONFIRM = {"type": "object", "properties": {"confirm": {"type": "boolean"}}}


def app() -> FastZCP:
    made = make_app()
    add_ways_to_end(made)
    add_ways_to_ask(made)

    @made.tool
    def greet(name: str) -> str:
        return f"Hello, {name}!"

    @made.tool(execution=OPTIONAL)
    async def slow(ctx: Context) -> str:
        if ctx.task is not None:
            await anyio.sleep_forever()
        return "at once"

    return made


def add_ways_to_end(made: FastZCP) -> None:
    @made.tool(execution=REQUIRED)
    async def compute() -> str:
        return "42"

    @made.tool(execution=REQUIRED)
    async def failing_job() -> str:
        raise ToolError("it failed")

    @made.tool(execution=REQUIRED)
    async def protocol_error_job() -> str:
        raise RemoteError(77, "no such thing", {"a": 1})


def add_ways_to_ask(made: FastZCP) -> None:
    @made.tool(execution=REQUIRED)
    async def confirm_delete(filename: str, ctx: Context) -> str:
        answer = await ctx.elicit(f"Delete {filename}?", CONFIRM)
        return f"{answer.action} {filename}"

    @made.tool(execution=REQUIRED)
    async def multi_input(ctx: Context) -> str:
        answers = await ctx.ask(a=elicitation("A?", FORM), b=elicitation("B?", FORM))
        return "".join(each.content["name"] for each in answers.values())

    @made.tool(execution=REQUIRED)
    async def through_the_task(task: TaskExecutionContext) -> str:
        return (await task.elicit({"message": "T?", "requestedSchema": FORM})).action

    @made.tool(execution=REQUIRED, asks={"user_name": elicitation("Name?", FORM)})
    async def named(user_name: ElicitationResult) -> str:
        return f"for {(user_name.content or {})['name']}"


async def start(server: Server, name: str, arguments: Any = None, **more: Any) -> Any:
    created = await server.tool(name, arguments or {}, caps=more.pop("caps", WITH_TASKS), **more)
    assert created["resultType"] == "task", created
    return created


async def get(server: Server, task_id: str, **more: Any) -> Any:
    return await server.call("tasks/get", {"taskId": task_id}, caps=WITH_TASKS, **more)


async def until(server: Server, task_id: str, status: str) -> Any:
    with anyio.fail_after(10):
        while (found := await get(server, task_id))["status"] != status:
            await settled()
    return found


async def update(server: Server, task_id: str, responses: Any) -> Any:
    params = {"taskId": task_id, "inputResponses": responses}
    return await server.call("tasks/update", params, caps=WITH_TASKS)


async def test_a_task_just_created() -> None:
    async with serving(app()) as server:
        created = await start(server, "slow")
        del created["_meta"]
        task_id = created.pop("taskId")
        assert created.pop("createdAt") <= created.pop("lastUpdatedAt")
        assert created == {
            "resultType": "task",
            "status": "working",
            "ttlMs": 3_600_000,
            "pollIntervalMs": 500,
        }
        found = await get(server, task_id)
        assert (found["resultType"], found["status"]) == ("complete", "working")
        assert not {"result", "error", "inputRequests", "requestState", "kind"} & set(found)


async def test_without_the_extension_a_call_runs_at_once() -> None:
    async with serving(app()) as server:
        result = await server.tool("slow", {})
        assert (result["resultType"], result["content"][0]["text"]) == ("complete", "at once")
        result = await server.tool("greet", {"name": "Ann"}, caps=WITH_TASKS)
        assert result["resultType"] == "complete"


async def test_a_task_that_is_indispensable() -> None:
    async with serving(app()) as server:
        error, status = await server.refused("tools/call", {"name": "failing_job"})
    assert (error["code"], error["data"], status) == (-32021, LACKING, 400)


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
async def test_the_extension_is_asked_for_before_the_task(method: str) -> None:
    params = {"taskId": "gate-test", "inputResponses": {}}
    async with serving(app()) as server:
        error, status = await server.refused(method, params, caps={})
        assert (error["code"], error["data"], status) == (-32021, LACKING, 400)
        error, status = await server.refused(method, params, caps=WITH_TASKS)
        assert (error["code"], status) == (-32602, 200)


async def test_how_tasks_end() -> None:
    async with serving(app()) as server:
        created = await start(server, "compute")
        done = await until(server, created["taskId"], "completed")
        assert done["result"]["content"] == [{"type": "text", "text": "42"}]
        assert done["result"]["resultType"] == "complete"
        assert "related-task" not in str(done)
        created = await start(server, "failing_job")
        done = await until(server, created["taskId"], "completed")
        assert done["result"]["isError"] is True
        assert "error" not in done
        created = await start(server, "protocol_error_job")
        done = await until(server, created["taskId"], "failed")
        assert done["error"] == {"code": 77, "message": "no such thing", "data": {"a": 1}}
        assert done["statusMessage"] == "no such thing"
        assert "result" not in done


async def test_cancelling() -> None:
    async with serving(app()) as server:
        created = await start(server, "slow")
        for _ in range(2):
            ack = await server.call("tasks/cancel", {"taskId": created["taskId"]}, caps=WITH_TASKS)
            assert {name for name in ack if name != "_meta"} == {"resultType"}
        assert (await get(server, created["taskId"]))["status"] == "cancelled"


async def test_a_question_stays_in_the_task() -> None:
    async with serving(app()) as server:
        created = await start(server, "confirm_delete", {"filename": "a.txt"})
        task_id = created["taskId"]
        found = await until(server, task_id, "input_required")
        [(key, asked)] = found["inputRequests"].items()
        assert asked == {
            "method": "elicitation/create",
            "params": {"message": "Delete a.txt?", "requestedSchema": CONFIRM},
        }
        ack = await update(server, task_id, {"nobody": ALICE})
        assert {name for name in ack if name != "_meta"} == {"resultType"}
        accept = {"action": "accept", "content": {"confirm": True}}
        await update(server, task_id, {key: accept, "more": 1})
        done = await until(server, task_id, "completed")
        assert done["result"]["content"][0]["text"] == "accept a.txt"


async def test_an_answered_question_is_gone_at_once() -> None:
    async with serving(app()) as server:
        task_id = (await start(server, "multi_input"))["taskId"]
        found = await until(server, task_id, "input_required")
        first, second = found["inputRequests"]
        await update(server, task_id, {first: ALICE})
        found = await get(server, task_id)
        assert (found["status"], list(found["inputRequests"])) == ("input_required", [second])
        await update(server, task_id, {first: ALICE, second: ALICE})
        done = await until(server, task_id, "completed")
        assert done["result"]["content"][0]["text"] == "AliceAlice"


async def test_an_answer_that_does_not_fit_leaves_its_question_open() -> None:
    async with serving(app()) as server:
        task_id = (await start(server, "multi_input"))["taskId"]
        first, second = (await until(server, task_id, "input_required"))["inputRequests"]
        params = {"taskId": task_id, "inputResponses": {first: 5, second: ALICE}}
        error, _ = await server.refused("tasks/update", params, caps=WITH_TASKS)
        assert error["code"] == -32602
        assert list((await get(server, task_id))["inputRequests"]) == [first]


@pytest.mark.parametrize("name", ["confirm_delete", "through_the_task"])
async def test_what_the_client_cannot_be_asked_fails_the_task(name: str) -> None:
    caps: dict[str, Any] = {"extensions": {TASKS: {}}}
    arguments = {"filename": "a"} if name == "confirm_delete" else {}
    async with serving(app()) as server:
        created = await start(server, name, arguments, caps=caps)
        done = await until(server, created["taskId"], "failed")
    assert done["error"]["code"] == -32021
    assert done["error"]["data"] == {"requiredCapabilities": {"elicitation": {}}}


async def test_a_task_asks_through_its_own_context_too() -> None:
    async with serving(app()) as server:
        task_id = (await start(server, "through_the_task"))["taskId"]
        [key] = (await until(server, task_id, "input_required"))["inputRequests"]
        await update(server, task_id, {key: ALICE})
        await until(server, task_id, "completed")


async def test_questions_before_the_task_are_asked_before_it_is_made() -> None:
    async with serving(app()) as server:
        first = await server.tool("named", {}, caps=WITH_TASKS)
        assert first["resultType"] == "input_required"
        assert "taskId" not in first
        created = await start(server, "named", inputResponses={"user_name": ALICE})
        done = await until(server, created["taskId"], "completed")
        assert done["result"]["content"][0]["text"] == "for Alice"


async def test_a_task_is_its_callers() -> None:
    ann, eve = Principal("ann", None), Principal("eve", None)
    async with serving(app()) as server:
        task_id = (await start(server, "slow", principal=ann))["taskId"]
        assert (await get(server, task_id, principal=ann))["status"] == "working"
        error, _ = await server.refused(
            "tasks/get", {"taskId": task_id}, caps=WITH_TASKS, principal=eve
        )
        assert error["code"] == -32602


async def test_following_a_task() -> None:
    async with serving(app()) as server:
        created = await start(server, "confirm_delete", {"filename": "a"})
        task_id = created["taskId"]
        found = await until(server, task_id, "input_required")
        [key] = found["inputRequests"]
        wanted = {"taskIds": [task_id, "unknown"]}
        async with listening(server, wanted, caps=WITH_TASKS) as stream:
            assert stream.agreed == {"taskIds": [task_id]}
            await update(server, task_id, {key: ALICE})
            await until(server, task_id, "completed")
            await settled()
            frames = stream.channel.frames
        method, params = frames[-1]["method"], frames[-1]["params"]
        assert (method, params["taskId"], params["status"]) == (
            "notifications/tasks",
            task_id,
            "completed",
        )
        assert params["result"]["content"][0]["text"] == "accept a"
        assert "resultType" not in params
        assert {each["method"] for each in frames[1:]} == {"notifications/tasks"}


async def test_nothing_of_tasks_is_said_unasked() -> None:
    async with serving(app()) as server, listening(server, {"toolsListChanged": True}) as stream:
        created = await start(server, "compute")
        await until(server, created["taskId"], "completed")
        await settled()
        assert len(stream.channel.frames) == 1


async def test_the_core_form_is_not_offered() -> None:
    async with serving(app()) as server:
        capabilities = (await server.call("server/discover"))["capabilities"]
        assert capabilities["extensions"] == {TASKS: {}}
        assert "tasks" not in capabilities
        listed = (await server.call("tools/list"))["tools"]
        assert not any("execution" in tool for tool in listed)
        refused = partial(server.refused, params={"taskId": "x"}, caps=WITH_TASKS)
        for method in ("tasks/result", "tasks/list"):
            error, status = await refused(method)
            assert (error["code"], status) == (-32601, 404)
    assert TASKS not in EVERYTHING
