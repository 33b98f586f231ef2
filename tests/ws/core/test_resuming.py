"""A socket that drops: on the native subprotocol nothing is lost or doubled by it."""

from __future__ import annotations

import random
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from anyio.abc import SocketStream
from ws_kitchen import WAIT, Kitchen, configuration, listening
from ws_raw import RawPeer, call, frame, initialize, raw_peer
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.errors import ConnectionLost
from zcp_transport_ws import websocket_client, websocket_server
from zcp_transport_ws.channels.window import CONFIRM_FRAMES, Window
from zcp_transport_ws.client.keeping import client_channel
from zcp_transport_ws.inprocess import WebSocketServer
from zcp_transport_ws.server.sockets import sockets_of
from zcp_transport_ws.sockets import Socket

pytestmark = pytest.mark.anyio

MESSAGES = 46
"""More than a conversation has messages."""


class Scissors:
    """Cuts sockets before their message number `at`, counted over both directions and all sockets;
    with `each`, every socket after so many."""

    def __init__(self, server: WebSocketServer, at: int = -1, each: int = -1) -> None:
        self._server = server
        self._at = at
        self._each = each
        self.count = 0
        self.cuts = 0

    @asynccontextmanager
    async def open(
        self, headers: Mapping[str, str], subprotocols: Sequence[str]
    ) -> AsyncGenerator[Socket]:
        async with self._server.open_socket({}, headers, subprotocols) as socket:
            send: Any = socket.send
            receive: Any = socket.receive
            mine = 0

            def snip() -> None:
                nonlocal mine
                mine += 1
                self.count += 1
                if self.count == self._at or mine == self._each:
                    self.cuts += 1
                    socket.abort("cut")

            async def cut_send(message: bytes) -> None:
                snip()
                await send(message)

            async def cut_receive() -> bytes:
                message: bytes = await receive()
                snip()
                if socket.ending is not None:
                    return await receive()
                return message

            vars(socket).update(send=cut_send, receive=cut_receive)
            yield socket


@asynccontextmanager
async def client_over(
    scissors: Scissors, server: WebSocketServer, **hooks: Any
) -> AsyncGenerator[ZCPClientSession]:
    client = session_over(
        lambda: client_channel(scissors.open, ["zcp"]), dialects=server.dialects, **hooks
    )
    with anyio.fail_after(WAIT):
        async with client:
            yield client


def answer_yes(request: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": {"type": "text", "text": "yes"}, "model": "m"}


async def converse(client: ZCPClientSession) -> None:
    """Calls with progress, a question back, several at once; every answer is checked."""
    seen: list[int] = []
    answer = await client.call_tool(
        "count", {"steps": 5}, progress=lambda entry: seen.append(entry["progress"])
    )
    assert answer["content"][0]["text"] == "5 steps"
    assert seen == [1, 2, 3, 4, 5]
    asked = await client.call_tool("ask", {"question": "rain?"})
    assert asked["content"][0]["text"] == "yes"
    async with anyio.create_task_group() as tasks:
        for number in range(100, 110):
            tasks.start_soon(client.call_tool, "add", {"a": number, "b": 1})


DONE = [1, 5, *range(100, 110)]


@pytest.mark.parametrize("at", range(1, MESSAGES))
async def test_a_cut_at_every_message_loses_and_doubles_nothing(at: int) -> None:
    kitchen = Kitchen()
    async with websocket_server(kitchen.app) as server:
        scissors = Scissors(server, at)
        async with client_over(scissors, server, sampling_handler=answer_yes) as client:
            await converse(client)
        assert sorted(kitchen.done) == DONE
        assert scissors.cuts == (at <= scissors.count)


@pytest.mark.parametrize("each", [6, 7, 11])
async def test_cut_after_cut_loses_and_doubles_nothing(each: int) -> None:
    kitchen = Kitchen()
    async with websocket_server(kitchen.app) as server:
        scissors = Scissors(server, each=each)
        async with client_over(scissors, server, sampling_handler=answer_yes) as client:
            for _ in range(3):
                await converse(client)
        assert sorted(kitchen.done) == sorted(3 * DONE)
        assert scissors.cuts > 3


# -- a real line -----------------------------------------------------------------------------------


class Line:
    """A TCP relay that cuts every connection after a number of bytes, in either direction."""

    def __init__(self, port: int, lengths: list[int]) -> None:
        self._port = port
        self._lengths = lengths
        self.cuts = 0

    async def relay(self, near: SocketStream) -> None:
        left = self._lengths.pop() if self._lengths else -1
        async with near, await anyio.connect_tcp("127.0.0.1", self._port) as far:
            budget = [left]
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._pump, near, far, budget, tasks.cancel_scope)
                tasks.start_soon(self._pump, far, near, budget, tasks.cancel_scope)

    async def _pump(
        self, source: SocketStream, sink: SocketStream, budget: list[int], scope: Any
    ) -> None:
        try:
            while True:
                data = await source.receive()
                if budget[0] >= 0:
                    data, budget[0] = data[: budget[0]], max(0, budget[0] - len(data))
                if data:
                    await sink.send(data)
                if budget[0] == 0:
                    self.cuts += 1
                    break
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            pass
        scope.cancel()


async def test_a_line_cut_at_any_byte_loses_and_doubles_nothing() -> None:
    kitchen = Kitchen()
    chance = random.Random(20261120)
    with anyio.fail_after(2 * WAIT):
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        async with listening(kitchen) as where, listener, anyio.create_task_group() as tasks:
            # The opening handshake alone takes some hundreds of bytes.
            line = Line(where.port, [chance.randrange(1, 1800) for _ in range(60)])
            tasks.start_soon(listener.serve, line.relay)
            port = listener.extra(anyio.abc.SocketAttribute.local_port)
            url = f"ws://127.0.0.1:{port}/ws"
            rounds = 0
            client = websocket_client(url, revision="zcp/1", sampling_handler=answer_yes)
            while line.cuts < 40:
                try:
                    await client.initialize()
                    await client.initialized()
                except ConnectionLost:
                    # The very first socket was cut before there was a session to keep.
                    continue
                await converse(client)
                rounds += 1
            await client.aclose()
            assert sorted(kitchen.done) == sorted(rounds * DONE)
            tasks.cancel_scope.cancel()


# -- the rule on the wire --------------------------------------------------------------------------


def control(text: str) -> bytes:
    return frame(1, b"#" + text.encode())


async def read_control(peer: RawPeer) -> str:
    got = await peer.frame()
    assert got is not None
    assert got[1][:1] == b"#", got
    return got[1][1:].decode()


NATIVE = {"Sec_WebSocket_Protocol": "zcp"}


def session_of(text: str) -> str:
    return text.split('"session":"')[1].split('"')[0]


async def opened(peer: RawPeer) -> str:
    """Open a session as the rule says; returns its id."""
    await peer.send(control('{"session":null}'))
    session = session_of(await read_control(peer))
    await peer.say(initialize("zcp/1"))
    assert (await peer.message())["result"]["protocolVersion"] == "zcp/1"
    return session


async def test_what_was_not_received_is_sent_again() -> None:
    kitchen = Kitchen()
    async with listening(kitchen) as where:
        async with raw_peer(where.port, **NATIVE) as peer:
            session = await opened(peer)
            await peer.say(call("add", 1, a=1, b=1))
            await peer.message()
            await peer.say(call("add", 2, a=2, b=1))
            await peer.message()
        async with raw_peer(where.port, **NATIVE) as peer:
            # Two of the three messages of the server were received, says this client.
            await peer.send(control(f'{{"session":"{session}","received":2}}'))
            assert '"received":3' in await read_control(peer)
            assert (await peer.message())["id"] == 2
        assert kitchen.done == [1, 2]


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"session":"nobody","received":0}', 4404),
        ("garbage", 1002),
        ("[]", 1002),
        ('{"session":"SESSION","received":99}', 1002),
        ('{"session":"SESSION","received":-1}', 1002),
        ('{"session":"SESSION","received":"1"}', 1002),
        ('{"session":"SESSION"}', 1002),
        ("{" + " " * 2000 + "}", 1002),
    ],
)
async def test_who_cannot_come_back_is_told_why(message: str, code: int) -> None:
    async with listening(Kitchen()) as where:
        async with raw_peer(where.port, **NATIVE) as peer:
            session = await opened(peer)
        async with raw_peer(where.port, **NATIVE) as peer:
            await peer.send(control(message.replace("SESSION", session)))
            assert await peer.close_code() == code
        async with raw_peer(where.port, **NATIVE) as peer:
            await peer.send(control(f'{{"session":"{session}","received":1}}'))
            assert session in await read_control(peer)


@pytest.mark.parametrize("text", ['{"received":99}', '{"received":true}', "{}", "nonsense"])
async def test_a_wrong_confirmation_closes_the_socket(text: str) -> None:
    async with listening(Kitchen()) as where, raw_peer(where.port, **NATIVE) as peer:
        await opened(peer)
        await peer.send(control(text))
        assert await peer.close_code() == 1002


async def test_the_newer_socket_takes_over() -> None:
    async with listening(Kitchen()) as where, raw_peer(where.port, **NATIVE) as older:
        session = await opened(older)
        async with raw_peer(where.port, **NATIVE) as newer:
            await newer.send(control(f'{{"session":"{session}","received":1}}'))
            await read_control(newer)
            assert await older.close_code() == 4409
            await newer.say(call("add", 1, a=1, b=1))
            assert (await newer.message())["id"] == 1


async def test_a_client_that_said_it_is_done_cannot_come_back() -> None:
    kitchen = Kitchen()
    async with listening(kitchen) as where:
        async with raw_peer(where.port, **NATIVE) as peer:
            session = await opened(peer)
            await peer.say(call("wait_for_ever", 1, name="a"))
            await kitchen.started.wait()
            await peer.send(control('{"end":true}'))
            assert await peer.close_code() == 1000
        async with raw_peer(where.port, **NATIVE) as peer:
            await peer.send(control(f'{{"session":"{session}","received":1}}'))
            assert await peer.close_code() == 4404
        assert kitchen.cancelled == ["a"]


async def test_a_sender_waits_when_too_much_is_unconfirmed() -> None:
    """A client that reads and confirms nothing does not make the server keep ever more."""
    kitchen = Kitchen()
    settings = {"websocket": {"replay_events": 64}}
    async with listening(kitchen, **settings) as where, raw_peer(where.port, **NATIVE) as peer:
        await opened(peer)
        params = call("count", 1, steps=500)
        params["params"]["_meta"] = {"progressToken": 1}
        await peer.say(params)
        seen = 0
        for _ in range(63):
            assert (await peer.message())["method"].endswith("progress")
            seen += 1
        with pytest.raises(TimeoutError), anyio.fail_after(0.3):
            await peer.message()
        assert kitchen.done == []
        while not kitchen.done:
            await peer.send(control(f'{{"received":{seen + 1}}}'))
            for _ in range(CONFIRM_FRAMES):
                if seen == 500:
                    break
                await peer.message()
                seen += 1
        assert (await peer.message())["id"] == 1


async def test_a_session_nobody_comes_back_to_is_forgotten() -> None:
    kitchen = Kitchen()
    now = [1000.0]
    config = configuration(kitchen.app, websocket={"resume_seconds": 5.0})
    server = websocket_server(kitchen.app, config=config)
    async with server:
        sockets = sockets_of(server.kernel)
        vars(sockets.lasting)["_clock"] = lambda: now[0]
        scissors = Scissors(server)
        failed: list[ConnectionLost] = []

        async def one() -> None:
            client = session_over(
                lambda: client_channel(scissors.open, ["zcp"]), dialects=server.dialects
            )
            await client.initialize()
            await client.initialized()
            vars(server)["open_socket"] = _refusing
            try:
                await client.call_tool("wait_for_ever", {"name": "lost"})
            except ConnectionLost as error:
                failed.append(error)
            await client.aclose()

        with anyio.fail_after(WAIT):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(one)
                await kitchen.started.wait()
                (lasting,) = vars(sockets.lasting)["_sessions"].values()
                lost = anyio.Event()
                lose = lasting.channel.on_detach

                def noticed(ending: Any) -> None:
                    lose(ending)
                    lost.set()

                lasting.channel.on_detach = noticed
                for socket in list(vars(sockets)["_open"]):
                    socket.abort("the line is dead")
                await lost.wait()
                sockets.sweep()
                assert kitchen.cancelled == []
                now[0] += 6
                sockets.sweep()
                await kitchen.ended.wait()
        assert len(sockets) == 0
        assert len(failed) == 1
        assert not failed[0].retryable


@asynccontextmanager
async def _refusing(*_: Any) -> AsyncGenerator[Socket]:
    error = ConnectionLost("nobody is there")
    error.__cause__ = ConnectionRefusedError()
    raise error
    yield


async def test_lost_sessions_make_room_for_others() -> None:
    settings = {"websocket": {"max_connections": 3}}
    async with listening(Kitchen(), **settings) as where:
        sessions: list[str] = []
        with anyio.fail_after(WAIT):
            while len(sessions) < 5:
                async with raw_peer(where.port, **NATIVE) as peer:
                    # Refused for as long as the server has not noticed who is gone.
                    if peer.status == 101:
                        sessions.append(await opened(peer))
        for session, code in ((sessions[0], 4404), (sessions[-1], None)):
            async with raw_peer(where.port, **NATIVE) as peer:
                await peer.send(control(f'{{"session":"{session}","received":1}}'))
                if code is not None:
                    assert await peer.close_code() == code
                else:
                    assert session in await read_control(peer)


async def test_without_resumption_the_subprotocol_is_plain() -> None:
    settings = {"websocket": {"resume_seconds": 0}}
    async with listening(Kitchen(), **settings) as where, websocket_client(where.url) as client:
        assert await client.ping() == {"ok": True}


def test_a_window_counts() -> None:
    window = Window(3, 100)
    for frame_ in (b"a", b"b", b"c"):
        window.add(frame_)
    assert window.full
    assert window.sent == 3
    window.written = 2
    with pytest.raises(ValueError, match="3 messages cannot have been received"):
        window.confirm(3)
    window.confirm(2)
    assert (window.frame(3), window.size, window.full) == (b"c", 1, False)
    with pytest.raises(ValueError, match="1 messages"):
        window.confirm(1)
    window.add(b"x" * 200)
    assert window.full
