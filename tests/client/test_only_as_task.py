"""`call_tool` of a tool that only runs as a task (MCP 2025-11-25, basic/utilities/tasks,
"Tool-Level Negotiation"): with real servers, and with fakes of what others' servers do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.errors import ConnectionLost, DeadlineExceeded, RemoteError
from zcp_transport_http import streamable_http_client, streamable_http_server
from zcp_transport_stdio.client import stdio_client
from zcp_transport_stdio.inprocess import stdio_server

from .conftest import RefusalError
from .eras import Exchanges, Server, handshake, lost, mcp, until

pytestmark = pytest.mark.anyio

Connect = Callable[..., Awaitable[ZCPClientSession]]
REQUIRED: dict[str, Any] = {"execution": {"taskSupport": "required"}}


class Ran:
    def __init__(self) -> None:
        self.begun = 0
        self.stopped = 0


def make_app() -> tuple[FastZCP, Ran]:
    app, ran = FastZCP("Tasks"), Ran()

    @app.tool(name="steps", **REQUIRED)
    async def steps(count: int, ctx: Any = None) -> str:
        ran.begun += 1
        for number in range(count):
            await ctx.report_progress(number + 1, count)
            await anyio.sleep(0.05)
        return "done"

    @app.tool(name="endless", **REQUIRED)
    async def endless() -> str:
        ran.begun += 1
        try:
            await anyio.sleep_forever()
        finally:
            ran.stopped += 1
        return "never"

    @app.tool(name="broken", **REQUIRED)
    async def broken() -> str:
        raise ValueError("it broke")

    @app.tool(name="asks", **REQUIRED)
    async def asks(task: Any = None) -> str:
        return str((await task.elicit({"prompt": "who?"})).action)

    return app, ran


@pytest.fixture(params=["zcp/1", "2025-11-25", "2026-07-28"])
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["stdio", "http"])
def opened(request: pytest.FixtureRequest, revision: str) -> Callable[..., Any]:
    def make(app: FastZCP, **options: Any) -> ZCPClientSession:
        if request.param == "stdio":
            return stdio_client(stdio_server(app), revision=revision, **options)
        path = "/zcp" if revision == "zcp/1" else "/mcp"
        server = streamable_http_server(app, f"http://testserver{path}")
        return streamable_http_client(server, revision=revision, **options)

    return make


def text(answer: dict[str, Any]) -> str:
    return str(answer["content"][0]["text"])


@pytest.mark.parametrize("listed", [True, False])
async def test_it_is_called_like_any_other(opened: Any, listed: bool) -> None:
    app, ran = make_app()
    async with opened(app) as client:
        with anyio.fail_after(10):
            if listed:
                await client.list_tools()
            answer = await client.call_tool("steps", {"count": 2})
            assert text(answer) == "done"
            assert answer["isError"] is False
            assert "task" not in answer
            failed = await client.call_tool("broken")
            assert failed["isError"] is True
            assert text(failed) == "it broke"
    assert ran.begun == 1


async def test_it_may_still_be_called_as_a_task(opened: Any) -> None:
    async with opened(make_app()[0]) as client:
        with anyio.fail_after(10):
            made = (await client.call_tool_as_task("steps", {"count": 1}))["task"]
            assert text(await client.get_task_result(made["taskId"])) == "done"
            wished = await client.call_tool("steps", {"count": 1}, task=True)
            assert wished["task"]["taskId"] != made["taskId"]


async def test_what_it_asks_is_answered_by_the_hooks(opened: Any) -> None:
    async with opened(make_app()[0], elicitation_handler=lambda request: True) as client:
        with anyio.fail_after(10):
            assert text(await client.call_tool("asks")) == "accept"


async def test_wrong_arguments_are_refused_as_ever(opened: Any) -> None:
    app, ran = make_app()
    async with opened(app) as client:
        try:
            answer = await client.call_tool("steps", {"count": "many"})
        except RemoteError as error:
            told = str(error)
        else:
            assert answer["isError"]
            told = text(answer)
    assert "count" in told
    assert ran.begun == 0


async def test_giving_up_the_wait_ends_the_task(
    opened: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, ran = make_app()
    async with opened(app) as client:
        awaited: list[str] = []
        wait = client.get_task_result

        async def noted(task_id: str, **options: Any) -> Any:
            awaited.append(task_id)
            return await wait(task_id, **options)

        monkeypatch.setattr(client, "get_task_result", noted)
        with anyio.fail_after(10):
            with anyio.CancelScope() as scope:
                async with anyio.create_task_group() as group:
                    group.start_soon(client.call_tool, "endless")
                    await until(lambda: ran.begun == 1 and bool(awaited))
                    scope.cancel()
            await until(lambda: ran.stopped == 1)
            with pytest.raises(DeadlineExceeded, match="no answer within"):
                await client.call_tool("endless", timeout=0.5)
            await until(lambda: ran.stopped == 2)
            assert await client.ping() == {"ok": True}


async def test_closing_ends_the_wait(opened: Any) -> None:
    app, ran = make_app()
    raised: list[Exception] = []

    async def call(client: ZCPClientSession) -> None:
        try:
            await client.call_tool("endless")
        except ConnectionLost as error:
            raised.append(error)

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group, opened(app) as client:
            group.start_soon(call, client)
            await until(lambda: ran.begun == 1)
    (error,) = raised
    assert isinstance(error, ConnectionLost)
    assert not error.retryable


@pytest.mark.parametrize("revision", ["zcp/1", "2025-11-25"], indirect=True)
async def test_progress_is_heard_until_the_end(opened: Any) -> None:
    heard: list[float] = []
    async with opened(make_app()[0]) as client:
        with anyio.fail_after(10):
            answer = await client.call_tool(
                "steps",
                {"count": 4},
                progress=lambda entry: heard.append(entry["progress"]),
                timeout=5,
                reset_timeout_on_progress=True,
            )
            assert text(answer) == "done"
            await until(lambda: len(heard) == 4)
    assert heard == [1, 2, 3, 4]


# -- what others' servers do -----------------------------------------------------------------------

DECLARED = {"tools": {}, "tasks": {"requests": {"tools": {"call": {}}}}}
NOW = "2026-01-01T00:00:00Z"
MADE = {"taskId": "t1", "status": "working", "createdAt": NOW, "lastUpdatedAt": NOW, "ttl": None}


def said(words: str, *, error: bool = False) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": words}], "isError": error}


class Strict:
    """Has one tool, `x`, and answers a call of it in the wrong way by `refusal`."""

    def __init__(
        self, support: str | None, refusal: Any, *, capabilities: Any = DECLARED, **more: Any
    ) -> None:
        self.support = support
        self.refusal = refusal
        self.ran = 0
        self.capabilities = capabilities
        self.answers: dict[str, Any] = {
            "initialize": self.introduce,
            "tools/list": self.listed,
            "tools/call": self.call,
            "tasks/result": lambda params: said("as a task"),
            **more,
        }

    def introduce(self, params: Any) -> Any:
        return {**handshake()(params), "capabilities": self.capabilities}

    def listed(self, params: Any) -> Any:
        tool: dict[str, Any] = {"name": "x", "inputSchema": {"type": "object"}}
        if self.support is not None:
            tool["execution"] = {"taskSupport": self.support}
        return {"tools": [tool]}

    def call(self, params: Any) -> Any:
        if ("task" in params) is not (self.support == "required"):
            return self.refusal(params) if callable(self.refusal) else self.refusal
        self.ran += 1
        return {"task": MADE} if "task" in params else said("plainly")


def refused(params: Any) -> Any:
    raise RefusalError(-32601, "Tool x requires task augmentation")


TOLD = said("MCP error -32601: Tool x requires task augmentation", error=True)
"""As the TypeScript SDK tells it."""


@pytest.fixture
async def connect(anyio_backend: str) -> AsyncIterator[Connect]:
    made: list[ZCPClientSession] = []

    async def one(server: Any, **options: Any) -> ZCPClientSession:
        client = session_over(server.connect, dialects=mcp(), revision="2025-11-25", **options)
        made.append(client)
        await client.initialize()
        return client

    yield one
    for client in made:
        await client.close()


@pytest.fixture(params=[Server, Exchanges])
def make(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.mark.parametrize("refusal", [refused, TOLD])
async def test_an_unlisted_tool_is_looked_up_once(
    make: Any, connect: Connect, refusal: Any
) -> None:
    strict = Strict("required", refusal)
    server = make(**strict.answers)
    client = await connect(server)
    for _ in range(2):
        assert text(await client.call_tool("x")) == "as a task"
    assert strict.ran == 2
    calls = ["tools/call", "tools/list", *["tools/call", "tasks/result"] * 2]
    assert [m for m in server.methods() if m.startswith("t")] == calls


async def test_a_listed_tool_is_called_rightly_the_first_time(make: Any, connect: Connect) -> None:
    server = make(**Strict("required", refused).answers)
    client = await connect(server)
    await client.list_tools()
    assert text(await client.call_tool("x")) == "as a task"
    assert server.methods()[-3:] == ["tools/list", "tools/call", "tasks/result"]


async def test_a_tool_that_changed_its_mind(make: Any, connect: Connect) -> None:
    strict = Strict("required", refused)
    client = await connect(make(**strict.answers))
    await client.list_tools()
    strict.support = "forbidden"
    assert text(await client.call_tool("x")) == "plainly"
    strict.support = "required"
    assert text(await client.call_tool("x")) == "as a task"
    assert strict.ran == 2


async def test_a_server_that_does_not_declare_it_is_not_asked_for_tasks(
    make: Any, connect: Connect
) -> None:
    server = make(**Strict("required", refused, capabilities={"tools": {}}).answers)
    client = await connect(server)
    await client.list_tools()
    with pytest.raises(RemoteError, match="requires task augmentation"):
        await client.call_tool("x")
    assert [m for m in server.methods() if m.startswith("t")] == ["tools/list", "tools/call"]


async def test_an_unknown_tool_is_looked_up_and_the_error_is_the_servers(
    make: Any, connect: Connect
) -> None:
    strict = Strict(None, refused)
    client = await connect(make(**{**strict.answers, "tools/call": refused}))
    with pytest.raises(RemoteError, match="requires task augmentation"):
        await client.call_tool("y")
    assert strict.ran == 0


async def test_a_list_that_cannot_be_had_leaves_the_servers_error(
    make: Any, connect: Connect
) -> None:
    def no_list(params: Any) -> Any:
        raise RefusalError(-32603, "no list today")

    client = await connect(make(**Strict("required", refused, **{"tools/list": no_list}).answers))
    with pytest.raises(RemoteError, match="requires task augmentation"):
        await client.call_tool("x")


async def test_a_tools_own_failure_is_not_looked_into(make: Any, connect: Connect) -> None:
    failing = said("no such city", error=True)
    server = make(**Strict("required", failing).answers)
    client = await connect(server)
    assert text(await client.call_tool("x")) == "no such city"
    assert "tools/list" not in server.methods()


async def test_many_at_once_find_out_for_themselves(make: Any, connect: Connect) -> None:
    strict = Strict("required", refused)
    client = await connect(make(**strict.answers))
    got: list[str] = []

    async def call() -> None:
        got.append(text(await client.call_tool("x")))

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            for _ in range(50):
                group.start_soon(call)
    assert got == ["as a task"] * 50
    assert strict.ran == 50


async def test_a_lost_wait_names_the_task_and_is_not_called_safe(connect: Connect) -> None:
    server = Exchanges(
        **Strict("required", refused, **{"tasks/result": lost(retryable=False)}).answers
    )
    client = await connect(server)
    await client.list_tools()
    with pytest.raises(ConnectionLost, match=r"client\.task\('t1'\)") as caught:
        await client.call_tool("x")
    assert not caught.value.retryable
    with pytest.raises(ConnectionLost) as caught:
        await client.call_tool("x", idempotent=True)
    assert caught.value.retryable
