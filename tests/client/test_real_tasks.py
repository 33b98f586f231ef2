"""Tasks and handles, as the client guide shows them, against the real kernel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.errors import MethodNotFound, RemoteError
from zcp_transport_stdio.client import stdio_client
from zcp_transport_stdio.inprocess import stdio_server

pytestmark = pytest.mark.anyio

Connect = Callable[..., Awaitable[ZCPClientSession]]


def make_app() -> FastZCP:
    app = FastZCP("Task Demo")

    @app.tool(
        name="weather.refresh",
        input_schema={
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
            "additionalProperties": False,
        },
        output_mode="scalar",
        inline_ok=True,
        execution={"taskSupport": "optional"},
    )
    async def refresh(city: str, task: Any = None, ctx: Any = None) -> Any:
        if task is not None:
            await task.update_status(f"Refreshing {city}")
        await anyio.sleep(0)  # noqa: ASYNC115
        return {"city": city, "status": "done"}

    @app.tool(name="endless", execution={"taskSupport": "optional"})
    async def endless(task: Any = None) -> str:
        await anyio.sleep_forever()
        return "never"

    @app.task("review.summary")
    async def review_summary(payload: Any) -> Any:
        task = payload["task"]
        draft = await task.create_message(
            {
                "messages": [
                    {"role": "user", "content": f"Summarize {payload['topic']} in one sentence."}
                ],
                "maxTokens": 120,
            }
        )
        approval = await task.elicit({"kind": "approval", "prompt": "Approve sending the summary?"})
        return {"draft": draft, "approval": approval}

    @app.task("broken")
    async def broken(payload: Any) -> Any:
        raise ValueError("it broke")

    @app.tool(name="rows", output_mode="handle")
    def rows() -> Any:
        return [{"n": n, "even": n % 2 == 0} for n in range(100)]

    return app


@pytest.fixture
async def connect(anyio_backend: str) -> AsyncIterator[Connect]:
    made: list[ZCPClientSession] = []

    async def one(**hooks: Any) -> ZCPClientSession:
        client = stdio_client(stdio_server(make_app()), **hooks)
        made.append(client)
        await client.initialize()
        await client.initialized()
        return client

    yield one
    for client in made:
        await client.close()


async def ended(client: ZCPClientSession, task_id: str) -> dict[str, Any]:
    with anyio.fail_after(10):
        while True:
            current = await client.get_task(task_id)
            if current["task"]["status"] in {"completed", "failed", "cancelled"}:
                return current["task"]
            await anyio.sleep(0.01)


@pytest.mark.parametrize("revision", ["zcp/1", "2025-11-25"])
async def test_a_call_as_a_task(connect: Connect, revision: str) -> None:
    statuses: list[Any] = []

    def handler(method: str, params: Any) -> None:
        if method == "notifications/tasks/status":
            statuses.append(params.get("statusMessage"))

    client = await connect(revision=revision, notification_handler=handler)
    created = await client.call_tool_as_task(
        "weather.refresh", {"city": "Hangzhou"}, ttl=30000, poll_interval=250
    )
    task_id = created["task"]["taskId"]
    assert (await ended(client, task_id))["status"] == "completed"
    result = await client.get_task_result(task_id)
    assert result["structuredContent"] == {"city": "Hangzhou", "status": "done"}
    assert result["isError"] is False
    assert "Refreshing Hangzhou" in statuses
    assert task_id in [task["taskId"] for task in (await client.list_tasks())["tasks"]]


@pytest.mark.parametrize("revision", ["zcp/1", "2025-11-25"])
async def test_waiting_for_and_cancelling_a_task(connect: Connect, revision: str) -> None:
    client = await connect(revision=revision)
    task_id = (await client.call_tool_as_task("endless"))["task"]["taskId"]
    outcome: list[Any] = []

    async def wait() -> None:
        with pytest.raises(RemoteError) as caught:
            await client.get_task_result(task_id)
        outcome.append(caught.value)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(wait)
            await anyio.wait_all_tasks_blocked()
            cancelled = await client.cancel_task(task_id)
    assert cancelled["task"]["status"] == "cancelled"
    assert len(outcome) == 1


async def test_a_task_kind_with_hooks(connect: Connect) -> None:
    async def sampling_handler(request: Any) -> Any:
        return {"role": "assistant", "content": "Short summary draft."}

    async def elicitation_handler(request: Any) -> Any:
        return {"accepted": True, "fields": request}

    client = await connect(
        sampling_handler=sampling_handler, elicitation_handler=elicitation_handler
    )
    created = await client.create_task("review.summary", {"topic": "ZCP transport parity"})
    assert created["task"]["kind"] == "review.summary"
    with anyio.fail_after(10):
        result = await client.get_task_result(created["task"]["taskId"])
    assert result["draft"]["content"] == {"type": "text", "text": "Short summary draft."}
    assert result["approval"]["action"] == "accept"
    assert result["approval"]["content"]["kind"] == "approval"


async def test_without_hooks_a_task_waits_for_answers(connect: Connect) -> None:
    client = await connect()
    created = await client.create_task("review.summary", {"topic": "x"})
    task_id = created["task"]["taskId"]

    async def asked() -> tuple[str, Any]:
        with anyio.fail_after(10):
            while True:
                requests = (await client.get_task(task_id))["task"].get("inputRequests")
                if requests:
                    ((key, request),) = requests.items()
                    return key, request
                await anyio.sleep(0.01)

    key, request = await asked()
    assert request["method"] == "sampling/createMessage"
    await client.answer_task(task_id, key, {"role": "assistant", "content": "A draft."})
    key, request = await asked()
    assert request["params"]["message"] == "Approve sending the summary?"
    await client.answer_task(task_id, key, {"accepted": False})
    with anyio.fail_after(10):
        result = await client.get_task_result(task_id)
    assert result["draft"]["content"]["text"] == "A draft."
    assert result["approval"]["action"] == "decline"


async def test_a_task_that_fails_and_one_nobody_has(connect: Connect) -> None:
    client = await connect()
    created = await client.create_task("broken", {})
    with anyio.fail_after(10), pytest.raises(RemoteError, match="it broke"):
        await client.get_task_result(created["task"]["taskId"])
    with pytest.raises(RemoteError, match="not_found:nothing"):
        await client.create_task("nothing", {})
    with pytest.raises(RemoteError, match="not_found:unknown"):
        await client.get_task("unknown")


async def test_handles(connect: Connect) -> None:
    client = await connect()
    result = await client.call_tool("rows", {})
    handle = result["handle"]["id"]
    page = await client.read_handle(handle, offset=2, limit=2, fields=["n"])
    assert page["value"] == [{"n": 2}, {"n": 3}]
    assert page["total"] == 100
    even = [{"field": "even", "op": "eq", "value": True}]
    assert (await client.read_handle(handle, where=even, limit=1))["total"] == 50
    assert (await client.read_handle(handle, "/7/n"))["value"] == 7
    assert [h["id"] for h in (await client.list_handles())["handles"]] == [handle]
    await client.release_handle(handle)
    with pytest.raises(RemoteError):
        await client.read_handle(handle)


async def test_what_mcp_does_not_have_is_said_by_the_client(connect: Connect) -> None:
    client = await connect(revision="2025-06-18")
    with pytest.raises(MethodNotFound, match="handles/read in mcp 2025-06-18"):
        await client.read_handle("h")
