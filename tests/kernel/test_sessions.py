"""The rules of a session, frame by frame: who may say what when, and how a session ends."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from harness import make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ServerConfig
from zcp_kernel.errors import ConnectionLost
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.memory import channel_pair
from zcp_kernel.security import local_principal
from zcp_kernel.serving import serve
from zcp_kernel.session import ZCPServerSession
from zcp_kernel.testing.echo import EchoDialect

pytestmark = pytest.mark.anyio

ANY = {"type": "object"}


def request(number: Any, method: str, params: Any = None) -> dict[str, Any]:
    message = {"jsonrpc": "2.0", "id": number, "method": method}
    return message if params is None else {**message, "params": params}


def call(number: Any, tool: str) -> dict[str, Any]:
    return request(number, "tools/call", {"name": tool, "arguments": {}})


HELLO = {
    "protocolVersion": "echo/1",
    "capabilities": {"roots": {}},
    "clientInfo": {"name": "t", "version": "1"},
}
INITIALIZED = {"jsonrpc": "2.0", "method": "notifications/initialized"}


class Batching(EchoDialect):
    """The echo dialect in a revision that allows batches."""

    def __init__(self) -> None:
        super().__init__()
        self._revision.allows_batch = True  # type: ignore[misc]


class Speaks:
    name = "speaks"

    @hookimpl
    def zcp_dialects(self, config: ServerConfig) -> list[Any]:
        return [Batching()]


def server(*, batch: bool = False) -> FastZCP:
    app = FastZCP("Test", plugins=[Speaks()], discover=False) if batch else make_app()
    app.tool(name="one", input_schema=ANY)(lambda: 1)

    @app.tool(name="wait", input_schema=ANY)
    async def wait(ctx: Any) -> None:
        ctx.kernel.waiting.set()
        try:
            await anyio.sleep_forever()
        finally:
            ctx.kernel.stopped.set()

    @app.tool(name="roots", input_schema=ANY)
    async def roots(ctx: Any) -> Any:
        try:
            return [root.uri for root in (await ctx.list_roots()).roots]
        except ConnectionLost as error:
            return f"lost: {error}"

    return app


class Link:
    """A session, and the other end of its channel."""

    def __init__(self, session: ZCPServerSession, far: Any) -> None:
        self.session = session
        self.far = far

    async def ask(self, message: Any) -> Any:
        due = self.session.receive(message if isinstance(message, bytes) else dumps(message))
        frame = None if due is None else await due.run()
        return None if frame is None else loads(frame)

    async def open(self) -> None:
        await self.ask(request(0, "initialize", HELLO))
        await self.ask(INITIALIZED)


@asynccontextmanager
async def linked(*, opened: bool = True, batch: bool = False) -> AsyncIterator[Link]:
    near, far = channel_pair()
    kernel: Any = server(batch=batch).compose(ServerConfig())
    kernel.waiting, kernel.stopped = anyio.Event(), anyio.Event()
    async with kernel.running():
        link = Link(kernel.open_session(near, local_principal()), far)
        if opened:
            await link.open()
        with anyio.fail_after(10):
            yield link


def fault(answer: Any) -> tuple[Any, int, str]:
    return answer["id"], answer["error"]["code"], answer["error"]["message"]


async def test_nothing_is_served_before_the_handshake() -> None:
    async with linked(opened=False) as link:
        for method in ("tools/list", "ping", "no/such"):
            answer = await link.ask(request(7, method))
            assert fault(answer) == (7, -32600, "invalid: send initialize before anything else")
        assert await link.ask({"jsonrpc": "2.0", "method": "notifications/cancelled"}) is None
        answer = await link.ask(request(8, "initialize", {**HELLO, "protocolVersion": "other/9"}))
        assert fault(answer)[:2] == (8, -32600)
        await link.open()
        assert (await link.ask(call(9, "one")))["result"]["structuredContent"] == 1


async def test_there_is_one_handshake() -> None:
    async with linked() as link:
        answer = await link.ask(request(1, "initialize", HELLO))
        assert fault(answer) == (1, -32600, "invalid: already initialized")


async def test_a_handshake_that_cannot_be_read_leaves_the_session_as_it_was() -> None:
    async with linked(opened=False) as link:
        answer = await link.ask(request(1, "initialize", {**HELLO, "capabilities": 3}))
        assert fault(answer)[:2] == (1, -32602)
        await link.open()
        assert "result" in await link.ask(request(2, "ping"))


@pytest.mark.parametrize(
    ("message", "number", "code"),
    [
        (b"{", None, -32700),
        (b"", None, -32700),
        (b'{"jsonrpc":"2.0","id":5,"method":"ping","params":{"x":NaN}}', 5, -32700),
        ([], None, -32600),
        ([request(1, "ping")], None, -32600),
        (3, None, -32600),
        ({"id": 1, "method": "ping"}, 1, -32600),
        ({"jsonrpc": "1.0", "id": 1, "method": "ping"}, 1, -32600),
        ({"jsonrpc": "2.0", "id": 1, "method": 3}, 1, -32600),
        (request(None, "ping"), None, -32600),
        (request(1.5, "ping"), None, -32600),
        (request(True, "ping"), None, -32600),
        (request({}, "ping"), None, -32600),
        ({"jsonrpc": "2.0", "id": 1}, 1, -32600),
        (request(1, "no/such"), 1, -32601),
        (request(1, "initialized"), 1, -32601),
        (request(1, "tools/call", 3), 1, -32602),
        (request(1, "tools/call", {}), 1, -32602),
    ],
    ids=repr,
)
async def test_what_cannot_be_served_is_answered_with_an_error(
    message: Any, number: Any, code: int
) -> None:
    async with linked() as link:
        answer = await link.ask(message)
        assert fault(answer)[:2] == (number, code)
        assert "result" in await link.ask(request(2, "ping"))


@pytest.mark.parametrize("number", [0, -1, 2**70, "", "a", "\N{SNOWMAN}"])
async def test_an_answer_has_the_id_of_its_request(number: Any) -> None:
    async with linked() as link:
        assert (await link.ask(call(number, "one")))["id"] == number


async def test_an_id_that_cannot_be_encoded_is_escaped() -> None:
    async with linked() as link:
        frame = b'{"jsonrpc":"2.0","id":"\\ud800","method":"no/such"}'
        due = link.session.receive(frame)
        assert due is not None
        answer = await due.run()
        assert answer is not None
        assert json.loads(answer)["id"] == "\ud800"


async def test_an_id_in_use_is_refused_and_free_again_after_the_answer() -> None:
    async with linked() as link, anyio.create_task_group() as group:
        group.start_soon(link.ask, call(1, "wait"))
        await link.session.kernel.waiting.wait()  # type: ignore[attr-defined]
        answer = await link.ask(call(1, "one"))
        assert fault(answer) == (1, -32600, "invalid: this id is still in use")
        assert "result" in await link.ask(call("1", "one")), "a string is another id"
        group.cancel_scope.cancel()
    assert link.session.inflight == {}


async def test_a_cancelled_request_is_not_answered() -> None:
    async with linked() as link:
        answers: list[Any] = ["none yet"]

        async def wait() -> None:
            due: Any = link.session.receive(dumps(call(1, "wait")))
            answers[0] = await due.run()

        async with anyio.create_task_group() as group:
            group.start_soon(wait)
            await link.session.kernel.waiting.wait()  # type: ignore[attr-defined]
            cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
            await link.ask({**cancelled, "params": {"requestId": 99}})
            assert not link.session.kernel.stopped.is_set()  # type: ignore[attr-defined]
            await link.ask({**cancelled, "params": {"requestId": 1}})
            await link.session.kernel.stopped.wait()  # type: ignore[attr-defined]
        assert answers == [None]
        assert link.session.inflight == {}


async def test_a_request_cancelled_before_it_ran_never_runs() -> None:
    async with linked() as link:
        due: Any = link.session.receive(dumps(call(1, "wait")))
        cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
        await link.ask({**cancelled, "params": {"requestId": 1}})
        assert await due.run() is None
        assert not link.session.kernel.waiting.is_set()  # type: ignore[attr-defined]


# -- the other direction ---------------------------------------------------------------------------


async def test_the_clients_answer_reaches_the_handler_that_asked() -> None:
    async with linked() as link, anyio.create_task_group() as group:
        answers, answered = list[Any](), anyio.Event()

        async def ask() -> None:
            answers.append(await link.ask(call(1, "roots")))
            answered.set()

        group.start_soon(ask)
        asked = loads(await link.far.receive())
        assert asked["method"] == "roots/list"
        for stray in (99, "1", None):
            assert await link.ask({"jsonrpc": "2.0", "id": stray, "result": {}}) is None
        result = {"roots": [{"uri": "file:///a"}]}
        await link.ask({"jsonrpc": "2.0", "id": asked["id"], "result": result})
        await link.ask({"jsonrpc": "2.0", "id": asked["id"], "result": {"roots": []}})
        await answered.wait()
        assert answers[0]["result"]["structuredContent"] == ["file:///a"]


@pytest.mark.parametrize("how", ["close", "peer_gone"])
async def test_who_waits_for_a_client_that_is_gone_is_told(how: str) -> None:
    async with linked() as link, anyio.create_task_group() as group:
        answers, answered = list[Any](), anyio.Event()

        async def ask() -> None:
            answers.append(await link.ask(call(1, "roots")))
            answered.set()

        group.start_soon(ask)
        await link.far.receive()
        getattr(link.session, how)("it hung up")
        await answered.wait()
        if how == "peer_gone":
            text = answers[0]["result"]["content"][0]["text"]
            assert text == "lost: it hung up"
        else:
            assert answers == [None], "a closed session answers nothing"
        assert not link.session.can_ask("roots/list") or how == "peer_gone"


async def test_closing_cancels_what_runs_and_is_idempotent() -> None:
    async with linked() as link:
        kernel: Any = link.session.kernel
        near, far = channel_pair()

        async def be_served() -> None:
            await serve(kernel, near, principal=local_principal(), grace=0)

        async with anyio.create_task_group() as group:
            group.start_soon(be_served)
            await far.send(dumps(request(0, "initialize", HELLO)))
            await far.receive()
            await far.send(dumps(call(1, "wait")))
            await kernel.waiting.wait()
            await far.aclose()
            await kernel.stopped.wait()
        link.session.close()
        link.session.close()
        assert link.session not in kernel.audience


async def test_calls_in_flight_are_answered_after_the_last_frame() -> None:
    app, release = make_app(), anyio.Event()

    @app.tool(name="slow", input_schema=ANY)
    async def slow() -> int:
        await release.wait()
        return 1

    async with app.compose(ServerConfig()).running() as kernel:
        near, far = channel_pair()
        sent: list[Any] = []

        class HalfClosed:
            """A client that has said everything, and still listens."""

            def __init__(self) -> None:
                self.frames = [dumps(request(0, "initialize", HELLO)), dumps(call(1, "slow"))]

            async def receive(self) -> bytes:
                if self.frames:
                    return self.frames.pop(0)
                release.set()
                raise anyio.EndOfStream

            async def send(self, frame: bytes) -> None:
                sent.append(loads(frame))

            async def aclose(self) -> None:
                await near.aclose()
                await far.aclose()

        with anyio.fail_after(10):
            await serve(kernel, HalfClosed(), principal=local_principal())
    assert [answer["id"] for answer in sent] == [0, 1]
    assert sent[1]["result"]["structuredContent"] == 1


# -- batches ---------------------------------------------------------------------------------------


async def test_a_batch_is_answered_as_one_in_its_order() -> None:
    async with linked(batch=True) as link:
        answer = await link.ask(
            [
                call(1, "one"),
                INITIALIZED,
                request(2, "no/such"),
                3,
                request(4, "initialize", HELLO),
                call(5, "one"),
            ]
        )
        assert [part["id"] for part in answer] == [1, 2, None, 4, 5]
        codes = [part.get("error", {}).get("code") for part in answer]
        assert codes == [None, -32601, -32600, -32600, None]
        assert link.session.inflight == {}


async def test_a_batch_that_asks_nothing_is_not_answered_and_an_empty_one_refused() -> None:
    async with linked(batch=True) as link:
        assert await link.ask([INITIALIZED, INITIALIZED]) is None
        assert fault(await link.ask([]))[:2] == (None, -32600)


async def test_one_part_of_a_batch_can_be_cancelled() -> None:
    async with linked(batch=True) as link:
        answers: list[Any] = []

        async def ask() -> None:
            answers.append(await link.ask([call(1, "wait"), call(2, "one"), call(2, "one")]))

        async with anyio.create_task_group() as group:
            group.start_soon(ask)
            await link.session.kernel.waiting.wait()  # type: ignore[attr-defined]
            cancelled = {"jsonrpc": "2.0", "method": "notifications/cancelled"}
            await link.ask({**cancelled, "params": {"requestId": 1}})
        (answer,) = answers
        assert [part["id"] for part in answer] == [2, 2]
        assert "error" in answer[1], "an id stands once in a batch"


async def test_before_the_handshake_there_are_no_batches() -> None:
    async with linked(opened=False, batch=True) as link:
        assert fault(await link.ask([request(1, "ping")]))[:2] == (None, -32600)
