"""Tasks of every form behind the same methods, with real servers; and fakes for what no server of
ours does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ClientTask, ZCPClientSession, session_over
from zcp_kernel.errors import (
    DeadlineExceeded,
    InputRequired,
    InvalidRequest,
    MethodNotFound,
    NotFound,
    RemoteError,
)
from zcp_transport_stdio.client import stdio_client
from zcp_transport_stdio.inprocess import stdio_server

from .eras import MODERN, Exchanges, described, mcp, modern

pytestmark = pytest.mark.anyio

Connect = Callable[..., Awaitable[ZCPClientSession]]
TASKS = "io.modelcontextprotocol/tasks"
FORM = {"message": "who?", "requestedSchema": {"type": "object", "properties": {}}}


def make_app() -> FastZCP:
    app = FastZCP("Tasks")

    @app.tool(name="slow", execution={"taskSupport": "optional"})
    async def slow(task: Any = None, ctx: Any = None) -> str:
        for step in ("first", "second"):
            if task is not None:
                await task.update_status(step)
            await ctx.report_progress(1, 2)
            await anyio.sleep(0.03)
        return "done"

    @app.tool(name="quick")
    def quick() -> str:
        return "at once"

    @app.tool(name="endless", execution={"taskSupport": "optional"})
    async def endless(task: Any = None) -> str:
        await anyio.sleep_forever()
        return "never"

    @app.tool(name="broken", execution={"taskSupport": "optional"})
    async def broken(task: Any = None) -> str:
        raise ValueError("it broke")

    @app.tool(name="asks", execution={"taskSupport": "required"})
    async def asks(task: Any = None) -> str:
        answer = await task.elicit({"prompt": "who?", "fields": {"n": {"type": "string"}}})
        return f"{answer.action} {(answer.content or {}).get('n')}"

    return app


@pytest.fixture
async def connect(anyio_backend: str) -> AsyncIterator[Connect]:
    made: list[ZCPClientSession] = []

    async def one(server: Any = None, **options: Any) -> ZCPClientSession:
        if server is None:
            client = stdio_client(stdio_server(make_app()), **options)
        else:
            client = session_over(server.connect, **{"dialects": mcp(), **options})
        made.append(client)
        await client.initialize()
        await client.initialized()
        return client

    yield one
    for client in made:
        await client.close()


@pytest.fixture(params=["zcp/1", "2025-11-25", MODERN])
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# -- the same methods with every form --------------------------------------------------------------


async def test_a_task_from_beginning_to_end(connect: Connect, revision: str) -> None:
    client = await connect(revision=revision)
    task = await client.start_task("slow", ttl=60_000, poll_interval=20)
    assert isinstance(task, ClientTask)
    states: list[Any] = []
    with anyio.fail_after(10):
        async for state in task:
            assert state is task.state
            states.append((state["status"], state.get("statusMessage")))
        result = await task
    assert states[-1][0] == "completed"
    assert ("working", "second") in states
    assert len(states) == len(set(states))
    assert (task.done, task.status, task.status_message) == (True, "completed", "second")
    assert result["content"][0]["text"] == "done"
    assert result["isError"] is False
    assert (await client.get_task(task.task_id))["task"]["status"] == "completed"
    assert "result" not in (await client.get_task(task.task_id))["task"]


async def test_a_failed_task(connect: Connect, revision: str) -> None:
    client = await connect(revision=revision)
    task = await client.start_task("broken", poll_interval=20)
    with anyio.fail_after(10):
        result = await task
    assert result["isError"] is True
    assert task.done


async def test_cancelling_a_task(connect: Connect, revision: str) -> None:
    client = await connect(revision=revision)
    task = await client.start_task("endless", poll_interval=20)
    with pytest.raises(DeadlineExceeded):
        await task.result(timeout=0.05)
    assert (await task.refresh())["status"] == "working"
    await task.cancel()
    with anyio.fail_after(10):
        async for state in task:
            last = state
        assert last["status"] == "cancelled"
        with pytest.raises(RemoteError, match="cancelled"):
            await task


async def test_what_a_task_asks_is_answered_by_the_hook(connect: Connect, revision: str) -> None:
    client = await connect(revision=revision, elicitation_handler=lambda r: ("accept", {"n": "A"}))
    task = await client.start_task("asks", poll_interval=20)
    with anyio.fail_after(10):
        assert (await task)["content"][0]["text"] == "accept A"


async def test_what_a_task_asks_is_answered_by_hand(connect: Connect) -> None:
    client = await connect(revision=MODERN)
    await client.close()
    await client.initialize(capabilities={"elicitation": {"form": {}}})
    task = await client.start_task("asks")
    with anyio.fail_after(10):
        with pytest.raises(InputRequired, match="answer_task") as caught:
            await task
        (key,) = caught.value.requests
        with pytest.raises(NotFound):
            await task.answer("another", True)
        await task.answer(key, {"accepted": True, "fields": {"n": "Bo"}})
        assert (await task)["content"][0]["text"] == "accept Bo"


async def test_a_call_that_can_only_be_a_task_is_waited_for(connect: Connect) -> None:
    client = await connect(revision=MODERN, elicitation_handler=lambda r: ("accept", {"n": "C"}))
    with anyio.fail_after(10):
        assert (await client.call_tool("asks"))["content"][0]["text"] == "accept C"


async def test_a_call_that_is_not_to_be_a_task_is_none(connect: Connect, revision: str) -> None:
    client = await connect(revision=revision)
    assert (await client.call_tool("slow"))["content"][0]["text"] == "done"


async def test_a_tool_that_takes_no_tasks_is_done_at_once(connect: Connect) -> None:
    client = await connect(revision=MODERN)
    task = await client.start_task("quick")
    assert task.done
    assert [state["status"] async for state in task] == ["completed"]
    assert (await task)["content"][0]["text"] == "at once"
    assert (await client.get_task(task.task_id))["task"]["status"] == "completed"
    assert (await client.cancel_task(task.task_id))["task"]["status"] == "completed"
    assert (await client.get_task_result(task.task_id))["isError"] is False


@pytest.mark.parametrize("revision", ["zcp/1", "2025-11-25"])
async def test_progress_lasts_as_long_as_the_task(connect: Connect, revision: str) -> None:
    client = await connect(revision=revision)
    heard: list[Any] = []
    task = await client.start_task("slow", poll_interval=20, progress=heard.append)
    with anyio.fail_after(10):
        await task
    await anyio.wait_all_tasks_blocked()
    assert [entry["progress"] for entry in heard] == [1, 1][: len(heard)]
    assert heard
    assert client._connection is not None
    assert client._connection.progress == {}


async def test_a_task_of_another_time(connect: Connect, revision: str) -> None:
    client = await connect(revision=revision)
    created = await client.call_tool_as_task("slow", poll_interval=20)
    task = client.task(created["task"]["taskId"])
    with pytest.raises(InvalidRequest, match=r"refresh\(\)"):
        _ = task.status
    assert "not asked about yet" in repr(task)
    with anyio.fail_after(10):
        assert (await task)["content"][0]["text"] == "done"
    assert task.status == "completed"


async def test_an_unknown_task(connect: Connect, revision: str) -> None:
    client = await connect(revision=revision)
    task = client.task("nope")
    with pytest.raises(RemoteError):
        await task
    with pytest.raises(RemoteError):
        await task.refresh()


async def test_the_extension_has_no_list(connect: Connect) -> None:
    client = await connect(revision=MODERN)
    with pytest.raises(MethodNotFound):
        await client.list_tasks()


# -- what is on the wire ---------------------------------------------------------------------------


def flat(status: str, **more: Any) -> dict[str, Any]:
    return {
        "resultType": "complete",
        "taskId": "t1",
        "status": status,
        "createdAt": "2026-01-01T00:00:00Z",
        "lastUpdatedAt": "2026-01-01T00:00:00Z",
        "ttlMs": None,
        "pollIntervalMs": 20,
        **more,
    }


def created() -> dict[str, Any]:
    return {**flat("working"), "resultType": "task"}


async def test_only_what_may_be_a_task_says_so(connect: Connect) -> None:
    server = Exchanges(
        **{
            "server/discover": described(extensions={TASKS: {}}),
            "tools/call": created(),
            "tasks/get": flat("completed", result={"content": []}),
        }
    )
    client = await connect(server)
    await (await client.start_task("x"))
    server.answers["tools/call"] = {"content": []}
    await client.call_tool("x")

    def declared(params: Any) -> Any:
        return params["_meta"]["io.modelcontextprotocol/clientCapabilities"].get("extensions")

    assert [declared(p) for p in server.asked("tools/call")] == [{TASKS: {}}, None]
    assert declared(server.asked("tasks/get")[0]) == {TASKS: {}}
    assert [
        f["mcp-name"]
        for f, m in zip(server.fields, server.got, strict=True)
        if m["method"] == "tasks/get"
    ] == ["t1"] * len(server.asked("tasks/get"))


async def test_the_tasks_own_error_is_raised(connect: Connect) -> None:
    error = {"code": -32050, "message": "out of tea", "data": {"left": 0}}
    server = modern(**{"tools/call": created(), "tasks/get": flat("failed", error=error)})
    client = await connect(server)
    with pytest.raises(RemoteError, match="out of tea") as caught:
        await (await client.start_task("x"))
    assert (caught.value.code, caught.value.data) == (-32050, {"left": 0})


async def test_each_question_is_answered_once(connect: Connect) -> None:
    one = {"method": "elicitation/create", "params": FORM}
    waiting = flat("input_required", inputRequests={"a": one})
    both = flat("input_required", inputRequests={"a": one, "b": one})
    answers = iter([waiting, waiting, both, both, flat("completed", result={"content": []})])
    server = modern(
        **{
            "tools/call": created(),
            "tasks/get": lambda params: next(answers, flat("completed", result={"content": []})),
            "tasks/update": {"resultType": "complete"},
        }
    )
    client = await connect(server, elicitation_handler=lambda r: True)
    with anyio.fail_after(10):
        await client.get_task_result("t1")
    assert [list(p["inputResponses"]) for p in server.asked("tasks/update")] == [["a"], ["b"]]


async def test_questions_nobody_can_read_do_not_stop_the_wait(connect: Connect) -> None:
    strange = {"a": {"method": "elicitation/create", "params": {"message": 7}}, "b": 3}
    answers = iter([flat("input_required", inputRequests=strange)])
    server = modern(
        **{"tasks/get": lambda p: next(answers, flat("completed", result={"content": []}))}
    )
    client = await connect(server, elicitation_handler=lambda r: True)
    with anyio.fail_after(10):
        assert (await client.get_task_result("t1"))["content"] == []


async def test_a_server_that_wants_to_be_asked_all_the_time(connect: Connect) -> None:
    answers = iter([flat("working", pollIntervalMs=0)] * 3)
    server = modern(
        **{
            "tasks/get": lambda p: next(
                answers, flat("completed", pollIntervalMs=-5, result={"content": []})
            )
        }
    )
    client = await connect(server)
    with anyio.fail_after(10):
        await client.get_task_result("t1")
    assert len(server.asked("tasks/get")) == 4


async def test_what_was_overtaken_is_not_told(connect: Connect) -> None:
    server = modern(**{"server/discover": described(extensions={TASKS: {}})})
    newer = {**flat("working", statusMessage="two"), "lastUpdatedAt": "2026-01-01T00:00:02Z"}
    older = {**flat("working", statusMessage="one"), "lastUpdatedAt": "2026-01-01T00:00:01Z"}
    end = {**flat("completed", result={"content": []}), "lastUpdatedAt": "2026-01-01T00:00:03Z"}
    answers = iter([newer, older, end])
    server.answers["tasks/get"] = lambda p: next(answers)
    client = await connect(server)
    with anyio.fail_after(10):
        told = [state.get("statusMessage") async for state in client.task("t1")]
    assert told == ["two", None]
