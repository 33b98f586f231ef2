"""The life of a client session, against a scripted server."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from zcp_kernel.client import session_over
from zcp_kernel.errors import (
    ConfigError,
    ConnectionLost,
    DeadlineExceeded,
    InvalidRequest,
    MethodNotFound,
    RemoteError,
    RequestCancelled,
)
from zcp_kernel.memory import MemoryChannel
from zcp_kernel.testing.echo import EchoDialect

from .conftest import SILENCE, FakeServer, MakeSession, RefusalError
from .eras import until

pytestmark = pytest.mark.anyio


def tool_list(*names: str, **more: Any) -> dict[str, Any]:
    return {"tools": [{"name": n, "inputSchema": {"type": "object"}} for n in names], **more}


# -- handshake ------------------------------------------------------------------------------------


async def test_initialize_twice_gives_the_same_answer() -> None:
    server = FakeServer()
    client = session_over(server.connect, dialects=[EchoDialect()])
    first = await client.initialize()
    assert first["serverInfo"] == {"name": "Fake", "version": "1"}
    assert await client.initialize() is first
    await client.initialized()
    await client.initialized()
    await client.ping()
    assert server.methods() == ["initialize", "notifications/initialized", "ping"]
    await client.close()


async def test_concurrent_initialize_connects_once() -> None:
    server = FakeServer()
    client = session_over(server.connect, dialects=[EchoDialect()])
    async with anyio.create_task_group() as group:
        for _ in range(4):
            group.start_soon(client.ping)
    assert server.connections == 1
    assert server.methods().count("notifications/initialized") == 1
    await client.close()


async def test_context_manager_shakes_hands_and_closes() -> None:
    server = FakeServer()
    async with session_over(server.connect, dialects=[EchoDialect()]) as client:
        assert client.server_info["name"] == "Fake"
        assert client.protocol_version == "echo/1"
        assert await client.initialize() == await client.initialize()
    assert server.methods() == ["initialize", "notifications/initialized"]
    assert server.left == 1


async def test_capabilities_follow_from_hooks() -> None:
    server = FakeServer()
    client = session_over(
        server.connect,
        dialects=[EchoDialect()],
        roots_provider=list,
        elicitation_handler=lambda request: True,
    )
    await client.initialize(capabilities={"experimental": {"x": {}}, "roots": None})
    assert server.params("initialize")["capabilities"] == {
        "experimental": {"x": {}},
        "elicitation": {"form": {}, "url": {}},
    }
    await client.close()


async def test_a_call_before_initialize_says_what_to_do() -> None:
    server = FakeServer()
    client = session_over(server.connect, dialects=[EchoDialect()], needs_initialize=True)
    with pytest.raises(InvalidRequest, match=r"await client.initialize\(\) first"):
        await client.list_tools()
    assert server.connections == 0


async def test_an_unknown_answer_is_a_clear_error() -> None:
    server = FakeServer(
        initialize={
            "protocolVersion": "1999-01-01",
            "serverInfo": {"name": "Old", "version": "0"},
            "capabilities": {},
        }
    )
    client = session_over(server.connect, dialects=[EchoDialect()])
    with pytest.raises(InvalidRequest, match=r"speaks 1999-01-01; .* offered echo/1"):
        await client.initialize()
    assert server.left == 1


async def test_a_refused_handshake_is_the_servers_own_error() -> None:
    def refuse(params: Any) -> None:
        raise RefusalError(-32602, "go away", {"why": "because"})

    server = FakeServer(initialize=refuse)
    client = session_over(server.connect, dialects=[EchoDialect()])
    with pytest.raises(RemoteError, match="go away") as caught:
        await client.initialize()
    assert (caught.value.code, caught.value.data) == (-32602, {"why": "because"})
    assert server.left == 1


def test_what_nobody_speaks_is_refused_at_once() -> None:
    server = FakeServer()
    with pytest.raises(ConfigError, match="revision '2000-01-01'"):
        session_over(server.connect, dialects=[EchoDialect()], revision="2000-01-01")
    with pytest.raises(ConfigError, match="no dialect nope is installed"):
        session_over(server.connect, dialects=[EchoDialect()], prefer=["nope"])
    with pytest.raises(ConfigError, match="no dialect at all"):
        session_over(server.connect, dialects=[])


async def test_a_failed_connect_is_the_one_real_cause() -> None:
    @asynccontextmanager
    async def connect() -> AsyncIterator[MemoryChannel]:
        async with anyio.create_task_group():
            raise FileNotFoundError("no such server")
            yield

    client = session_over(connect, dialects=[EchoDialect()])
    with pytest.raises(FileNotFoundError, match="no such server"):
        await client.initialize()
    with pytest.raises(FileNotFoundError, match="no such server"):
        await client.ping()
    await client.close()


# -- errors and answers ---------------------------------------------------------------------------


async def test_server_errors_keep_code_message_and_data(open_session: MakeSession) -> None:
    def refuse(params: Any) -> None:
        raise RefusalError(-32001, "nope", {"id": 1})

    client = await open_session(FakeServer(**{"tools/call": refuse}))
    with pytest.raises(RemoteError) as caught:
        await client.call_tool("x", {})
    error = caught.value
    assert (error.code, error.message, error.data) == (-32001, "nope", {"id": 1})


async def test_an_unreadable_answer_is_an_error_of_that_call(open_session: MakeSession) -> None:
    client = await open_session(FakeServer(**{"tools/list": {"tools": 3}}))
    with pytest.raises(RemoteError, match="answer to tools/list"):
        await client.list_tools()
    assert await client.ping() == {"ok": True}


async def test_an_operation_the_revision_lacks(open_session: MakeSession) -> None:
    client = await open_session(FakeServer())
    with pytest.raises(MethodNotFound, match="tools/nothing in echo echo/1"):
        await client.ask("tools/nothing", None)


async def test_bad_frames_and_unknown_ids_are_ignored(
    open_session: MakeSession, caplog: pytest.LogCaptureFixture
) -> None:
    server = FakeServer()
    client = await open_session(server)
    assert server.channel is not None
    for frame in (b"{nonsense", b"17", b'{"jsonrpc":"2.0"}', b"[]", b'[{"id":{}}]'):
        await server.channel.send(frame)
    await server.say({"id": 4711, "result": {}})
    await server.say({"id": "4711", "error": 3})
    assert await client.ping() == {"ok": True}
    assert sum("ignored a frame" in r.getMessage() for r in caplog.records) == 4


async def test_a_batch_of_answers_is_taken_apart(open_session: MakeSession) -> None:
    server = FakeServer(ping=SILENCE)
    client = await open_session(server)
    answers: list[Any] = []

    async def ping() -> None:
        answers.append(await client.request("ping"))

    async with anyio.create_task_group() as group:
        group.start_soon(ping)
        group.start_soon(ping)
        await anyio.wait_all_tasks_blocked()
        assert server.channel is not None
        await server.channel.send(
            b'[{"jsonrpc":"2.0","id":2,"result":{"n":2}},{"jsonrpc":"2.0","id":3,"result":{"n":3}}]'
        )
    assert sorted(answer["n"] for answer in answers) == [2, 3]


async def test_ids_count_up_and_answers_may_cross(open_session: MakeSession) -> None:
    server = FakeServer(ping=SILENCE)
    client = await open_session(server)
    got: dict[int, Any] = {}

    async def ask(number: int) -> None:
        got[number] = await client.request("ping", {"n": number})

    async with anyio.create_task_group() as group:
        for number in range(3):
            group.start_soon(ask, number)
        await anyio.wait_all_tasks_blocked()
        asked = [m for m in server.got if m["method"] == "ping"]
        assert sorted(m["id"] for m in asked) == [2, 3, 4]
        for message in reversed(asked):
            await server.say({"id": message["id"], "result": message["params"]})
    assert got == {n: {"n": n} for n in range(3)}


# -- timeouts and cancellation --------------------------------------------------------------------


async def test_a_timeout_tells_the_server_and_drops_the_late_answer(
    open_session: MakeSession,
) -> None:
    server = FakeServer(**{"tools/call": SILENCE})
    client = await open_session(server)
    with pytest.raises(DeadlineExceeded, match=r"tools/call: no answer within 0.01 s"):
        await client.call_tool("slow", timeout=0.01)
    await anyio.wait_all_tasks_blocked()
    number = next(m["id"] for m in server.got if m.get("method") == "tools/call")
    assert server.params("notifications/cancelled")["requestId"] == number
    await server.say({"id": number, "result": {"content": []}})
    assert await client.ping() == {"ok": True}
    assert client.in_flight == {}


async def test_the_sessions_own_timeout(open_session: MakeSession) -> None:
    client = await open_session(FakeServer(ping=SILENCE), timeout=0.01)
    with pytest.raises(DeadlineExceeded):
        await client.ping()


async def test_cancelling_the_caller_tells_the_server(open_session: MakeSession) -> None:
    server = FakeServer(**{"tools/call": SILENCE})
    client = await open_session(server)
    with anyio.move_on_after(0.01):
        await client.call_tool("slow")
    await anyio.wait_all_tasks_blocked()
    assert server.methods()[-1] == "notifications/cancelled"


async def test_a_call_given_up_by_id(open_session: MakeSession) -> None:
    server = FakeServer(**{"tools/call": SILENCE})
    client = await open_session(server)

    async def give_up() -> None:
        await anyio.wait_all_tasks_blocked()
        ((number, method),) = client.in_flight.items()
        assert method == "tools/call"
        assert client.cancel(number)
        assert not client.cancel(number)

    async with anyio.create_task_group() as group:
        group.start_soon(give_up)
        with pytest.raises(RequestCancelled):
            await client.call_tool("slow")
    await anyio.wait_all_tasks_blocked()
    assert server.methods()[-1] == "notifications/cancelled"


async def test_an_initialize_is_never_cancelled() -> None:
    server = FakeServer(initialize=SILENCE)
    client = session_over(server.connect, dialects=[EchoDialect()], timeout=0.01)
    with pytest.raises(DeadlineExceeded):
        await client.initialize()
    assert server.methods() == ["initialize"]
    assert server.left == 1


# -- the end of a connection ----------------------------------------------------------------------


async def test_a_lost_connection_ends_every_call_at_once(open_session: MakeSession) -> None:
    server = FakeServer(**{"tools/call": SILENCE})
    server.answers["tools/list"] = lambda params: (
        SILENCE if server.connections == 1 else tool_list("a")
    )
    client = await open_session(server)
    listed: list[Any] = []

    async def call() -> None:
        with pytest.raises(ConnectionLost, match="the server ended the connection") as caught:
            await client.call_tool("x")
        assert not caught.value.retryable

    async def read() -> None:
        listed.append(await client.list_tools())

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(call)
            group.start_soon(read)
            await anyio.wait_all_tasks_blocked()
            await server.hang_up()
    assert [tool["name"] for tool in listed[0]["tools"]] == ["a"]
    assert server.methods().count("tools/call") == 1


@pytest.mark.parametrize("marked", ["readOnlyHint", "idempotentHint", None])
async def test_a_harmless_call_is_sent_once_more(
    open_session: MakeSession, marked: str | None
) -> None:
    listed = tool_list("read")
    listed["tools"][0]["annotations"] = {marked: True} if marked else {}
    server = FakeServer(**{"tools/list": listed})
    server.answers["tools/call"] = lambda params: (
        SILENCE if server.connections == 1 else {"content": []}
    )
    client = await open_session(server)
    await client.list_tools()
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(_hang_up_soon, server)
            result = await client.call_tool("read", idempotent=None if marked else True)
    assert result == {"content": [], "isError": False}
    assert server.methods().count("tools/call") == 2


async def test_what_is_lost_twice_is_an_error(open_session: MakeSession) -> None:
    server = FakeServer(ping=SILENCE)
    client = await open_session(server)

    async def hang_up_twice() -> None:
        await _hang_up_soon(server)
        await until(lambda: server.connections == 2)
        await _hang_up_soon(server)

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(hang_up_twice)
            with pytest.raises(ConnectionLost) as caught:
                await client.ping()
    assert caught.value.retryable
    assert server.methods().count("ping") == 2


async def test_a_call_said_not_to_be_idempotent_is_not_sent_again(
    open_session: MakeSession,
) -> None:
    listed = tool_list("read")
    listed["tools"][0]["annotations"] = {"idempotentHint": True}
    server = FakeServer(**{"tools/list": listed, "tools/call": SILENCE})
    client = await open_session(server)
    await client.list_tools()
    async with anyio.create_task_group() as group:
        group.start_soon(_hang_up_soon, server)
        with pytest.raises(ConnectionLost) as caught:
            await client.call_tool("read", idempotent=False)
    assert not caught.value.retryable


async def _hang_up_soon(server: FakeServer) -> None:
    await anyio.wait_all_tasks_blocked()
    await server.hang_up()


async def test_the_exit_reason_is_told(open_session: MakeSession) -> None:
    server = FakeServer(**{"tools/call": SILENCE})

    class Process(FakeServer):
        @asynccontextmanager
        async def connect(self) -> AsyncIterator[MemoryChannel]:
            async with server.connect() as channel:
                channel.exit_reason = "exit code 3"
                yield channel

    client = await open_session(Process())
    async with anyio.create_task_group() as group:
        group.start_soon(_hang_up_soon, server)
        with pytest.raises(ConnectionLost, match=r"tools/call: .*\(exit code 3\)"):
            await client.call_tool("x")


async def test_the_session_connects_anew_and_restores_what_it_was_told(
    open_session: MakeSession,
) -> None:
    server = FakeServer()
    client = await open_session(server)
    await client.subscribe_resource("x://a")
    await client.subscribe_resource("x://b")
    await client.unsubscribe_resource("x://b")
    await client.set_logging_level("error")
    await server.hang_up()
    await anyio.wait_all_tasks_blocked()
    server.got.clear()
    assert await client.ping() == {"ok": True}
    assert server.connections == 2
    assert server.methods() == [
        "initialize",
        "notifications/initialized",
        "resources/subscribe",
        "logging/setLevel",
        "ping",
    ]
    assert server.params("resources/subscribe") == {"uri": "x://a"}


async def test_close_is_idempotent_from_any_task_and_ends_calls(
    open_session: MakeSession,
) -> None:
    server = FakeServer(ping=SILENCE)
    client = await open_session(server)
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(client.close)
            group.start_soon(client.aclose)
            with pytest.raises(ConnectionLost):
                await client.ping()
    await client.close()
    with pytest.raises(ConnectionLost, match=r"initialize\(\) opens it again"):
        await client.ping()
    server.answers.pop("ping")
    await client.initialize()
    assert await client.ping() == {"ok": True}


async def test_closing_several_clients_in_any_order(open_session: MakeSession) -> None:
    servers = [FakeServer() for _ in range(4)]
    clients = [await open_session(server) for server in servers]
    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            for client in (clients[1], clients[3], clients[0], clients[2]):
                group.start_soon(client.close)
    assert [server.left for server in servers] == [1, 1, 1, 1]


async def test_a_transport_that_ends_badly_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    server = FakeServer()

    @asynccontextmanager
    async def connect() -> AsyncIterator[MemoryChannel]:
        async with server.connect() as channel:
            yield channel
        raise OSError("the process would not die")

    async with session_over(connect, dialects=[EchoDialect()]) as client:
        await client.ping()
    assert any(
        record.levelno == logging.WARNING and "the process would not die" in record.getMessage()
        for record in caplog.records
    )


def test_a_client_may_be_left_open(anyio_backend: str) -> None:
    server = FakeServer()
    client = session_over(server.connect, dialects=[EchoDialect()])

    async def main() -> dict[str, Any]:
        await client.initialize()
        return await client.ping()

    assert anyio.run(main, backend=anyio_backend) == {"ok": True}
    assert server.left == 1
    assert anyio.run(client.ping, backend=anyio_backend) == {"ok": True}
    assert server.connections == 2
