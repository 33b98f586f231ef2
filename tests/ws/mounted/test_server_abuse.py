"""What no well-behaved peer sends, under every ASGI server: the right code, and a server that goes
on serving. What the stand-alone server does is in `core/test_abuse.py`."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import anyio
import pytest
from server_process import Server
from ws_hosts import MOST_BYTES, url
from ws_kitchen import WAIT
from ws_raw import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    TEXT,
    RawPeer,
    close_frame,
    frame,
    greet,
    handshake,
    raw_peer,
)
from zcp_transport_ws import websocket_client

pytestmark = pytest.mark.anyio

PING_MESSAGE = b'{"jsonrpc":"2.0","id":7,"method":"ping"}'
NOTE = frame(TEXT, b'{"jsonrpc":"2.0","method":"notifications/initialized"}')
Host = tuple[str, Server]


@pytest.fixture
def anyio_backend() -> str:
    """The peer's; the servers run on both event loops."""
    return "asyncio"


@asynccontextmanager
async def abused(host: Host) -> AsyncGenerator[RawPeer]:
    """A peer of the server, which is asked afterwards whether it still serves."""
    with anyio.fail_after(2 * WAIT):
        async with raw_peer(host[1].port, Sec_WebSocket_Protocol="mcp") as peer:
            assert peer.status == 101
            await greet(peer)
            yield peer
        async with websocket_client(url(host[1])) as client:
            assert await client.ping() == {"ok": True}


FAULTS = {
    "binary": (frame(BINARY, PING_MESSAGE), 1003),
    "too large": (frame(TEXT, b"x" * (MOST_BYTES + 1)), 1009),
    "too large in parts": (
        frame(TEXT, b"x" * MOST_BYTES, fin=False) + frame(CONTINUATION, b"x" * MOST_BYTES), 1009,
    ),
    "not UTF-8": (frame(TEXT, b'"\xc3\x28"'), 1007),
    "cut in a character": (frame(TEXT, b'"\xe2\x82'), 1007),
    "a surrogate": (frame(TEXT, b'"\xed\xa0\x80"'), 1007),
    "a reserved bit": (frame(TEXT, PING_MESSAGE, reserved=4), 1002),
    "a reserved opcode": (frame(5, b"x"), 1002),
    "not masked": (frame(TEXT, PING_MESSAGE, mask=False), 1002),
    "a ping in parts": (frame(PING, b"x", fin=False), 1002),
    "a ping of 126 bytes": (frame(PING, b"x" * 126), 1002),
    "nothing to continue": (frame(CONTINUATION, b"x"), 1002),
    "text within text": (frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), 1002),
    "a close": (close_frame(1000), 1000),
}  # fmt: skip


@pytest.mark.parametrize("kind", FAULTS)
async def test_a_fault_is_closed_with_its_code(host: Host, kind: str) -> None:
    data, code = FAULTS[kind]
    async with abused(host) as peer:
        await peer.send(data)
        assert await peer.close_code() == code


WRONG_CLOSES = {
    "one byte": frame(CLOSE, b"\x03"),
    "a code that must not be sent": close_frame(1005),
    "a code nobody has": close_frame(999),
    "a reason that is no text": close_frame(1000, b"\xff"),
}


@pytest.mark.parametrize("kind", WRONG_CLOSES)
async def test_a_close_that_is_wrong_itself(host: Host, kind: str) -> None:
    """RFC 6455 lets the connection end with a code or without one."""
    async with abused(host) as peer:
        await peer.send(WRONG_CLOSES[kind])
        assert await peer.close_code() in (1002, 1007, None)


@pytest.mark.parametrize("kind", ["not UTF-8", "nothing to continue", "binary", "too large"])
async def test_the_code_arrives_though_the_peer_sends_on(host: Host, kind: str) -> None:
    """What comes behind a fault is not read as messages, and does not reset the connection before
    the close frame was read."""
    data, code = FAULTS[kind]
    async with abused(host) as peer:
        await peer.send(data + NOTE * 2000)
        assert await peer.close_code() == code


async def test_many_that_send_on_and_hang_up(host: Host) -> None:
    """An application that has closed reads no more; what waits for it must end with the peer."""
    async with abused(host):
        pid = host[1].process.pid
        before = len(_descriptors(pid))
        for _ in range(30):
            async with raw_peer(host[1].port, Sec_WebSocket_Protocol="mcp") as peer:
                await peer.send(frame(BINARY, b"{}") + NOTE * 100)
        for _ in range(100):
            if len(_descriptors(pid)) <= before:
                break
            await anyio.sleep(0.05)
        assert len(_descriptors(pid)) <= before


def _descriptors(pid: int) -> list[str]:
    """What the server has open, where the system tells."""
    folder = f"/proc/{pid}/fd"
    return os.listdir(folder) if os.path.isdir(folder) else []


async def test_a_flood_of_pings_is_answered(host: Host) -> None:
    async with abused(host) as peer:
        answered = 0

        async def flood() -> None:
            for _ in range(100):
                await peer.send(frame(PING, b"?") * 100)
            await peer.send(frame(TEXT, PING_MESSAGE))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(flood)
            while (got := await peer.frame()) is not None and got[0] != TEXT:
                answered += 1
        assert got is not None
        # RFC 6455, 5.5.3: only the latest of several pings need be answered.
        assert answered >= 1


async def test_a_flood_of_pings_nobody_reads_the_answers_of(host: Host) -> None:
    async with abused(host) as peer:
        flood = frame(PING, b"x" * 125) * 1000
        with anyio.move_on_after(1):
            for _ in range(100):
                await peer.send(flood)


async def test_a_message_of_fragments_of_one_byte(host: Host) -> None:
    text = b'{"jsonrpc":"2.0","id":7,"method":"ping","params":{"x":"' + b"x" * 20_000 + b'"}}'
    data = frame(TEXT, text[:1], fin=False)
    data += b"".join(frame(CONTINUATION, text[i : i + 1], fin=False) for i in range(1, len(text)))
    async with abused(host) as peer:
        await peer.send(data + frame(CONTINUATION, b""))
        assert (await peer.message())["id"] == 7


async def test_fragments_of_one_byte_that_are_too_many(host: Host) -> None:
    part = frame(CONTINUATION, b"x", fin=False)
    async with abused(host) as peer:
        await peer.send(frame(TEXT, b"x", fin=False) + part * MOST_BYTES + frame(CONTINUATION))
        assert await peer.close_code() == 1009


async def test_a_close_in_the_middle_of_a_message(host: Host) -> None:
    async with abused(host) as peer:
        await peer.send(frame(TEXT, b"{", fin=False) + close_frame(1001))
        # Some libraries take it for a fault.
        assert await peer.close_code() in (1000, 1001, 1002)


async def test_a_peer_that_goes_on_after_its_close(host: Host) -> None:
    async with abused(host) as peer:
        await peer.send(close_frame(1000) + NOTE * 1000)
        assert await peer.close_code() == 1000


async def test_bytes_behind_the_handshake(host: Host) -> None:
    """A client has to wait for the answer: what it is told is up to the server, which lives."""
    async with abused(host):
        for path in ("/ws", "/nowhere"):
            for more in (b"x", frame(TEXT, PING_MESSAGE), b"x" * 100_000):
                request = handshake(host[1].port, path) + more
                async with raw_peer(host[1].port, request=request) as peer:
                    assert peer.status in (0, 101, 400, 404)


async def test_a_compressed_message_is_not_asked_for_or_bounded(host: Host) -> None:
    async with (
        abused(host),
        raw_peer(
            host[1].port,
            Sec_WebSocket_Protocol="mcp",
            Sec_WebSocket_Extensions="permessage-deflate",
        ) as peer,
    ):
        assert peer.status == 101
        assert host[0] == "uvicorn" or "permessage-deflate" not in peer.head


async def test_hundreds_that_open_at_once_and_are_cut(host: Host) -> None:
    async def one() -> None:
        async with raw_peer(host[1].port, Sec_WebSocket_Protocol="mcp") as peer:
            await peer.send(frame(TEXT, PING_MESSAGE))

    async with abused(host), anyio.create_task_group() as tasks:
        for _ in range(500):
            tasks.start_soon(one)
