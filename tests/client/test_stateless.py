"""A client of a server that keeps no session: what every request says, questions inside results,
mirrored headers (MCP 2026-07-28)."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.errors import (
    DeadlineExceeded,
    InputRequired,
    InvalidParams,
    MethodNotFound,
    RemoteError,
    RequestCancelled,
)

from .conftest import SILENCE, RefusalError
from .eras import META, MODERN, Exchanges, described, mcp, modern

pytestmark = pytest.mark.anyio

Open = Callable[..., Awaitable[ZCPClientSession]]
NAME = {"method": "elicitation/create", "params": {"message": "?", "requestedSchema": {}}}
MODEL = {
    "method": "sampling/createMessage",
    "params": {
        "messages": [{"role": "user", "content": {"type": "text", "text": "hi"}}],
        "maxTokens": 5,
    },
}
ROOTS: dict[str, Any] = {"method": "roots/list", "params": {}}


def needs(state: str | None = None, **requests: Any) -> dict[str, Any]:
    result: dict[str, Any] = {"resultType": "input_required"}
    if requests:
        result["inputRequests"] = requests
    if state is not None:
        result["requestState"] = state
    return result


def text(said: str) -> dict[str, Any]:
    return {"resultType": "complete", "content": [{"type": "text", "text": said}]}


@pytest.fixture(params=["pipe", "exchanges"])
def make(request: pytest.FixtureRequest) -> Callable[..., Any]:
    if request.param == "pipe":
        return modern
    return lambda **answers: Exchanges(**{"server/discover": described(), **answers})


@pytest.fixture
async def connect(anyio_backend: str) -> AsyncIterator[Open]:
    made: list[ZCPClientSession] = []

    async def one(server: Any, **options: Any) -> ZCPClientSession:
        client = session_over(server.connect, **{"dialects": mcp(), **options})
        made.append(client)
        await client.initialize()
        return client

    yield one
    for client in made:
        await client.close()


# -- what every request says -----------------------------------------------------------------------


async def test_every_request_says_who_asks(make: Any, connect: Open) -> None:
    server = make(**{"tools/call": text("ok"), "x/y": {"a": 1}})
    client = await connect(server, elicitation_handler=lambda r: True)
    await client.call_tool("t", meta={"traceparent": "00-1-2-00", META + "protocolVersion": "9"})
    assert await client.request("x/y") == {"a": 1}
    for params in (server.asked("tools/call")[0], server.asked("x/y")[0]):
        meta = params["_meta"]
        assert meta[META + "protocolVersion"] == MODERN
        assert meta[META + "clientInfo"]["name"] == "zcp"
        assert meta[META + "clientCapabilities"] == {"elicitation": {"form": {}, "url": {}}}
        assert META + "logLevel" not in meta
    assert server.asked("tools/call")[0]["_meta"]["traceparent"] == "00-1-2-00"


async def test_the_log_level_goes_with_requests(make: Any, connect: Open) -> None:
    server = make(**{"tools/call": text("ok")})
    client = await connect(server)
    assert await client.set_logging_level("warning") == {}
    await client.call_tool("t")
    assert server.asked("tools/call")[0]["_meta"][META + "logLevel"] == "warning"
    with pytest.raises(InvalidParams, match="loud"):
        await client.set_logging_level("loud")  # type: ignore[arg-type]


async def test_ping_reaches_the_server(make: Any, connect: Open) -> None:
    server = make()
    client = await connect(server)
    assert await client.ping() == {"ok": True}
    assert len(server.asked("server/discover")) == 2


async def test_what_the_revision_lacks_is_said(make: Any, connect: Open) -> None:
    client = await connect(make())
    with pytest.raises(MethodNotFound, match=f"tasks/list in mcp {MODERN}"):
        await client.list_tasks()


# -- results say what kind they are ----------------------------------------------------------------


async def test_a_result_that_does_not_say_so_is_complete(make: Any, connect: Open) -> None:
    client = await connect(make(**{"tools/call": {"content": []}}))
    assert await client.call_tool("t") == {"content": [], "isError": False}


@pytest.mark.parametrize("kind", ["strange", 3, None])
async def test_a_kind_nobody_agreed_on_is_no_answer(make: Any, connect: Open, kind: Any) -> None:
    client = await connect(make(**{"tools/call": {"content": [], "resultType": kind}}))
    with pytest.raises(RemoteError, match="answer to tools/call"):
        await client.call_tool("t")


async def test_structured_values_of_any_kind(make: Any, connect: Open) -> None:
    client = await connect(make(**{"tools/call": {**text("[1]"), "structuredContent": [1]}}))
    assert (await client.call_tool("t"))["structuredContent"] == [1]


# -- questions inside results ----------------------------------------------------------------------


async def test_all_three_kinds_are_answered_by_their_hooks(make: Any, connect: Open) -> None:
    server = make()

    def call(params: Any) -> Any:
        if "inputResponses" not in params:
            return needs("s", name=NAME, model=MODEL, roots=ROOTS)
        return text("done")

    server.answers["tools/call"] = call
    client = await connect(
        server,
        elicitation_handler=lambda request: {"accepted": True, "fields": {"n": "Ada"}},
        sampling_handler=lambda request: "hello",
        roots_provider=lambda: ["file:///w"],
    )
    assert (await client.call_tool("t", {"a": 1}))["content"][0]["text"] == "done"
    first, second = server.asked("tools/call")
    assert second["inputResponses"] == {
        "name": {"action": "accept", "content": {"n": "Ada"}},
        "model": {
            "role": "assistant",
            "content": {"type": "text", "text": "hello"},
            "model": "unknown",
        },
        "roots": {"roots": [{"uri": "file:///w"}]},
    }
    assert second["requestState"] == "s"
    assert (first["name"], first["arguments"]) == (second["name"], second["arguments"])
    ids = [m["id"] for m in server.got if m["method"] == "tools/call"]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("method", "ask", "last"),
    [
        ("prompts/get", lambda c: c.get_prompt("p"), {"messages": []}),
        ("resources/read", lambda c: c.read_resource("x://y"), {"contents": []}),
    ],
)
async def test_prompts_and_resources_may_ask_too(
    make: Any, connect: Open, method: str, ask: Any, last: dict[str, Any]
) -> None:
    answers = iter([needs(name=NAME), {**last, "resultType": "complete"}])
    server = make(**{method: lambda params: next(answers)})
    client = await connect(server, elicitation_handler=lambda request: True)
    assert await ask(client) == last
    assert "requestState" not in server.asked(method)[1]


async def test_only_the_latest_state_is_brought_back(make: Any, connect: Open) -> None:
    answers = iter([needs("one", a=NAME), needs("two"), needs(b=NAME), text("done")])
    server = make(**{"tools/call": lambda params: next(answers)})
    client = await connect(server, elicitation_handler=lambda request: True)
    await client.call_tool("t")
    sent = [(p.get("requestState"), p.get("inputResponses")) for p in server.asked("tools/call")]
    accepted = {"action": "accept", "content": {}}
    assert sent == [
        (None, None),
        ("one", {"a": accepted}),
        ("two", None),
        (None, {"b": accepted}),
    ]


async def test_a_server_that_asks_without_end(make: Any, connect: Open) -> None:
    server = make(**{"tools/call": needs("again", name=NAME)})
    client = await connect(server, elicitation_handler=lambda request: True)
    with pytest.raises(InputRequired, match="after 16 rounds") as caught:
        await client.call_tool("t")
    assert caught.value.state == "again"
    assert len(server.asked("tools/call")) == 17


async def test_without_a_hook_the_questions_are_the_error(make: Any, connect: Open) -> None:
    client = await connect(make(**{"tools/call": needs("s", model=MODEL)}))
    with pytest.raises(InputRequired, match="needs sampling of this client") as caught:
        await client.call_tool("t")
    assert caught.value.requests == {"model": MODEL}
    assert caught.value.state == "s"


async def test_a_hook_declines_by_raising(make: Any, connect: Open) -> None:
    class NoError(Exception):
        pass

    def decline(request: Any) -> Any:
        raise NoError("not today")

    server = make(**{"tools/call": needs("s", model=MODEL)})
    client = await connect(server, sampling_handler=decline)
    with pytest.raises(NoError, match="not today"):
        await client.call_tool("t")
    assert len(server.asked("tools/call")) == 1


@pytest.mark.parametrize(
    "result",
    [
        {"resultType": "input_required", "inputRequests": {"x": {"method": "shell/run"}}},
        {"resultType": "input_required", "inputRequests": ["x"]},
        {"resultType": "input_required", "inputRequests": {"x": 3}},
    ],
)
async def test_questions_nobody_can_read(make: Any, connect: Open, result: Any) -> None:
    client = await connect(make(**{"tools/call": result}))
    with pytest.raises(RemoteError, match="answer to tools/call"):
        await client.call_tool("t")


async def test_lists_never_ask(make: Any, connect: Open) -> None:
    client = await connect(make(**{"tools/list": needs("s", name=NAME)}))
    with pytest.raises(RemoteError, match="answer to tools/list"):
        await client.list_tools()


# -- what servers of this revision must not do -----------------------------------------------------


async def test_a_request_of_the_server_is_not_answered(
    connect: Open, caplog: pytest.LogCaptureFixture
) -> None:
    server = modern(**{"tools/call": text("ok")})
    client = await connect(server, roots_provider=lambda: ["file:///secret"])
    await server.say({"id": "s1", "method": "roots/list"})
    await anyio.wait_all_tasks_blocked()
    await client.call_tool("t")
    assert "s1" not in server.replies
    assert any("must not send any" in r.getMessage() for r in caplog.records)


# -- giving up -------------------------------------------------------------------------------------


async def test_giving_up_is_told_over_a_pipe(connect: Open) -> None:
    server = modern(**{"tools/call": SILENCE})
    client = await connect(server)
    with pytest.raises(DeadlineExceeded):
        await client.call_tool("t", timeout=0.01)
    await anyio.wait_all_tasks_blocked()
    assert server.params("notifications/cancelled")["requestId"] == 2


async def test_giving_up_closes_the_exchange(connect: Open) -> None:
    server = Exchanges(
        **{"server/discover": described(), "tools/call": lambda p: anyio.sleep_forever()}
    )
    client = await connect(server)
    with pytest.raises(DeadlineExceeded):
        await client.call_tool("t", timeout=0.01)
    with anyio.move_on_after(0.01):
        await client.call_tool("t")

    async def cancel() -> None:
        await anyio.wait_all_tasks_blocked()
        assert client.cancel(next(iter(client.in_flight)))

    async with anyio.create_task_group() as group:
        group.start_soon(cancel)
        with pytest.raises(RequestCancelled):
            await client.call_tool("t")
    await anyio.wait_all_tasks_blocked()
    assert server.cancelled == ["tools/call"] * 3
    assert server.sent == []
    assert client.in_flight == {}


# -- mirrored headers ------------------------------------------------------------------------------


def mirrored(kind: str = "string", annotation: Any = "Region") -> dict[str, Any]:
    properties = {"region": {"type": kind, "x-mcp-header": annotation}}
    return {"type": "object", "properties": properties}


def listed(**schemas: Any) -> dict[str, Any]:
    tools = [{"name": name, "inputSchema": schema} for name, schema in schemas.items()]
    return {"tools": tools, "resultType": "complete", "ttlMs": 0, "cacheScope": "private"}


VALUES = [
    ("string", "us-west1", "us-west1"),
    ("string", "", ""),
    ("string", "in side", "in side"),
    ("string", " lead", "=?base64?IGxlYWQ=?="),
    ("string", "trail ", "=?base64?dHJhaWwg?="),
    ("string", "a\tb", "=?base64?YQli?="),
    ("string", "a\r\nb", "=?base64?YQ0KYg==?="),
    ("string", "grün", "=?base64?Z3LDvG4=?="),
    ("string", "=?base64?x?=", "=?base64?PT9iYXNlNjQ/eD89?="),
    ("integer", 42, "42"),
    ("integer", -7, "-7"),
    ("integer", 42.0, "42"),
    ("boolean", True, "true"),
    ("boolean", False, "false"),
    ("string", None, None),
]


@pytest.mark.parametrize(("kind", "value", "header"), VALUES)
async def test_arguments_are_mirrored(
    connect: Open, kind: str, value: Any, header: str | None
) -> None:
    server = Exchanges(
        **{
            "server/discover": described(),
            "tools/list": listed(t=mirrored(kind)),
            "tools/call": text("ok"),
        }
    )
    client = await connect(server)
    await client.list_tools()
    await client.call_tool("t", {"region": value})
    assert server.fields[-1].get("mcp-param-region") == header
    assert server.asked("tools/call")[0]["arguments"] == {"region": value}


async def test_names_are_mirrored(connect: Open) -> None:
    server = Exchanges(
        **{
            "server/discover": described(),
            "resources/read": {"contents": []},
            "prompts/get": {"messages": []},
        }
    )
    client = await connect(server)
    await client.read_resource("file:///a%20b.txt")
    assert server.fields[-1]["mcp-name"] == "file:///a%20b.txt"
    assert server.fields[-1]["mcp-method"] == "resources/read"
    await client.get_prompt("süß")
    assert server.fields[-1]["mcp-name"] == "=?base64?c8O8w58=?="


async def test_tools_that_cannot_be_mirrored_are_left_out(
    connect: Open, caplog: pytest.LogCaptureFixture
) -> None:
    schemas = {
        "empty": mirrored(annotation=""),
        "space": mirrored(annotation="a b"),
        "number": mirrored("number"),
        "object": mirrored("object"),
        "good": mirrored(),
    }
    server = Exchanges(**{"server/discover": described(), "tools/list": listed(**schemas)})
    client = await connect(server)
    with caplog.at_level(logging.WARNING):
        assert [t["name"] for t in (await client.list_tools())["tools"]] == ["good"]
    assert sum("cannot be called" in r.getMessage() for r in caplog.records) == 4
    pipe = await connect(modern(**{"tools/list": listed(**schemas)}))
    assert len((await pipe.list_tools())["tools"]) == 5


async def test_headers_that_do_not_fit_any_more_are_learned_anew(connect: Open) -> None:
    lists = iter([listed(t={"type": "object"}), listed(t=mirrored())])
    server = Exchanges(**{"server/discover": described(), "tools/list": lambda params: next(lists)})

    def call(params: Any) -> Any:
        if "mcp-param-region" not in server.fields[-1]:
            raise RefusalError(-32020, "missing: header mcp-param-region")
        return text("ok")

    server.answers["tools/call"] = call
    client = await connect(server)
    await client.list_tools()
    assert (await client.call_tool("t", {"region": "x"}))["content"][0]["text"] == "ok"
