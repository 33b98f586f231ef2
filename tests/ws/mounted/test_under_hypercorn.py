"""What is done around hypercorn: over HTTP/2, below middleware, and for connections that fail."""

from __future__ import annotations

import struct
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import pytest
import trio
from anyio.abc import SocketStream
from attrs import define, field
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded
from h2.settings import SettingCodes
from hypercorn.config import Config
from hypercorn.typing import ConnectionState
from server_process import Server
from ws_hosts import HOSTS, url
from ws_kitchen import WAIT, Kitchen
from ws_raw import BINARY, CLOSE, TEXT, close_frame, frame, handshake, raw_peer
from zcp_transport_http.app import create_asgi_app
from zcp_transport_http.under_hypercorn.on_trio import Connection
from zcp_transport_http.under_hypercorn.sockets import hypercorn_socket
from zcp_transport_ws import websocket_client

pytestmark = pytest.mark.anyio

Host = tuple[str, Server]


@pytest.fixture
def anyio_backend() -> str:
    """The peer's; the servers run on both event loops."""
    return "asyncio"


@define
class H2Peer:
    """A client of HTTP/2 with prior knowledge (RFC 9113, section 3.3), and what it received."""

    stream: SocketStream
    link: H2Connection
    statuses: dict[int, bytes] = field(factory=dict)
    bodies: dict[int, bytes] = field(factory=dict)
    ended: set[int] = field(factory=set)

    async def flush(self) -> None:
        await self.stream.send(self.link.data_to_send())

    async def open(self, *headers: tuple[str, str], body: bytes = b"", end: bool = False) -> int:
        number = self.link.get_next_available_stream_id()
        given = [(":scheme", "http"), (":authority", "127.0.0.1"), *headers]
        self.link.send_headers(number, given, end_stream=end)
        self.bodies[number] = b""
        await self.flush()
        if body:
            await self.send(number, body)
        return number

    async def send(self, number: int, data: bytes) -> None:
        self.link.send_data(number, data)
        await self.flush()

    async def until(self, what: Callable[[], bool]) -> None:
        with anyio.fail_after(WAIT):
            while not what():
                for event in self.link.receive_data(await self.stream.receive()):
                    self._note(event)
                await self.flush()

    def _note(self, event: Any) -> None:
        if isinstance(event, ResponseReceived):
            self.statuses[event.stream_id] = dict(event.headers)[b":status"]
        elif isinstance(event, DataReceived):
            self.bodies[event.stream_id] += event.data
            self.link.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            self.ended.add(event.stream_id)

    async def upgrade(self) -> int:
        """An open WebSocket (RFC 8441, section 4)."""
        number = await self.open(
            (":method", "CONNECT"),
            (":protocol", "websocket"),
            (":path", "/ws"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-protocol", "mcp"),
        )
        await self.until(lambda: number in self.statuses)
        assert self.statuses[number] == b"200"
        return number


@asynccontextmanager
async def h2_peer(port: int) -> AsyncGenerator[H2Peer]:
    link = H2Connection(H2Configuration(client_side=True, header_encoding=None))
    link.initiate_connection()
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        peer = H2Peer(stream, link)
        await peer.flush()
        await peer.until(
            lambda: link.remote_settings.get(SettingCodes.ENABLE_CONNECT_PROTOCOL) == 1
        )
        yield peer


hosts_of_hypercorn = pytest.mark.parametrize(
    "host", [name for name in HOSTS if name != "uvicorn"], indirect=True
)

H2_FAULTS = {
    "not UTF-8": (frame(TEXT, b"\xff"), 1007),
    "a reserved opcode": (frame(5, b"x"), 1002),
    "binary": (frame(BINARY, b"{}"), 1003),
    "too large": (frame(TEXT, b"x" * 100_001), 1009),
    "a close": (close_frame(1000), 1000),
}


@hosts_of_hypercorn
@pytest.mark.parametrize("kind", H2_FAULTS)
async def test_a_fault_over_http_2_is_closed_with_its_code(host: Host, kind: str) -> None:
    data, code = H2_FAULTS[kind]
    async with h2_peer(host[1].port) as peer:
        first, second = await peer.upgrade(), await peer.upgrade()
        for part in (data[start : start + 16_000] for start in range(0, len(data), 16_000)):
            window = partial(peer.link.local_flow_control_window, first)
            await peer.until(lambda room=window, part=part: room() >= len(part))
            await peer.send(first, part)
        wanted = frame(CLOSE, struct.pack("!H", code), mask=False)
        await peer.until(lambda: wanted[2:] in peer.bodies[first])
        assert peer.bodies[first][0] == 0x80 | CLOSE
        # The connection, and the other sockets on it, live on.
        await peer.send(second, frame(TEXT, b'{"jsonrpc":"2.0","id":7,"method":"ping"}'))
        await peer.until(lambda: b'"id":7' in peer.bodies[second])
        await peer.until(lambda: first in peer.ended)


@hosts_of_hypercorn
async def test_an_answer_before_the_end_of_the_request_leaves_the_connection(host: Host) -> None:
    async with h2_peer(host[1].port) as peer:
        early = await peer.open((":method", "POST"), (":path", "/nowhere"), body=b"x" * 100)
        await peer.until(lambda: early in peer.ended)
        assert peer.statuses[early] == b"404"
        await peer.send(early, b"x" * 100)
        other = await peer.open((":method", "GET"), (":path", "/healthz"), end=True)
        await peer.until(lambda: other in peer.ended)
        assert peer.statuses[other] == b"200"


@hosts_of_hypercorn
async def test_a_failing_connection_fails_alone(host: Host) -> None:
    port = host[1].port
    with anyio.fail_after(WAIT):
        async with websocket_client(url(host[1])) as client:
            for _ in range(20):
                async with raw_peer(port, request=handshake(port, "/nowhere") + b"x"):
                    pass
            assert await client.ping() == {"ok": True}
        assert host[1].process.poll() is None


# -- in this process -------------------------------------------------------------------------------


@asynccontextmanager
async def on_trio(application: Any) -> AsyncGenerator[int]:
    """An ASGI application under hypercorn's trio server: its port."""
    from hypercorn.trio import serve

    config = Config()
    config.bind = ["127.0.0.1:0"]
    async with trio.open_nursery() as nursery:
        told = trio.Event()

        async def run(task_status: Any) -> None:
            await serve(application, config, shutdown_trigger=told.wait, task_status=task_status)

        bound: list[str] = await nursery.start(run)
        yield int(bound[0].rpartition(":")[2])
        told.set()


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_below_middleware() -> None:
    application = create_asgi_app(Kitchen().app)

    async def below(scope: Any, receive: Any, send: Any) -> None:
        async def sender(message: Any) -> None:
            await send(message)

        await application(scope, receive, sender)

    with anyio.fail_after(WAIT):
        async with (
            on_trio(below) as port,
            raw_peer(port, Sec_WebSocket_Protocol="mcp") as peer,
        ):
            await peer.send(frame(TEXT, b"\xff"))
            assert await peer.close_code() == 1007


async def test_nothing_is_done_for_other_servers() -> None:
    async def send(message: Any) -> None:
        raise AssertionError(message)

    class Stream:
        async def app_send(self, message: Any) -> None:
            raise AssertionError(message)

    assert "hypercorn.protocol.ws_stream" in sys.modules
    assert hypercorn_socket(send) is None
    assert hypercorn_socket(Stream().app_send) is None


class Line:
    """A connection on trio that shows who writes while hypercorn says goodbye: what `send_eof` of
    a TCP stream does (it takes the sender's place for a turn of the event loop), at will."""

    def __init__(self, stream: trio.SocketStream) -> None:
        self.socket = stream.socket
        self.stream = stream
        self.leaving = trio.Event()
        self.left = trio.Event()
        self.busy = 0

    async def send_all(self, data: bytes) -> None:
        if self.leaving.is_set() and not self.left.is_set():
            self.busy += 1
            raise trio.BusyResourceError("another task is currently sending data")
        await self.stream.send_all(data)

    async def receive_some(self, most: int) -> bytes:
        return bytes(await self.stream.receive_some(most))

    async def send_eof(self) -> None:
        self.leaving.set()
        await self.left.wait()
        await self.stream.send_eof()

    async def aclose(self) -> None:
        await self.stream.aclose()


@pytest.mark.parametrize("anyio_backend", ["trio"])
async def test_who_writes_while_the_connection_closes_is_told_nothing_worse() -> None:
    """An event stream that was cut: hypercorn closes, and a task of ours that outlives the request
    writes one more event."""
    from hypercorn.trio.worker_context import WorkerContext
    from hypercorn.utils import wrap_app

    sends: list[Any] = []

    async def application(scope: Any, receive: Any, send: Any) -> None:
        sends.append(send)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (await receive())["type"] != "http.disconnect":
            continue

    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    port = listener.socket.getsockname()[1]
    with anyio.fail_after(WAIT):
        client = await trio.open_tcp_stream("127.0.0.1", port)
        line = Line(await listener.accept())
        wrapped: Any = wrap_app(application, 1, "asgi")
        stream: Any = line
        connection = Connection(wrapped, Config(), WorkerContext(None), ConnectionState({}), stream)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(connection.run)
            await client.send_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            await client.receive_some()
            await client.aclose()
            await line.leaving.wait()
            await sends[0]({"type": "http.response.body", "body": b"late", "more_body": True})
            line.left.set()
        await listener.aclose()
    assert line.busy == 1
