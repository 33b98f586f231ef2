"""Opening handshakes: garbage, subprotocols, and how many may be in."""

from __future__ import annotations

import os

import anyio
import pytest
from ws_kitchen import Kitchen, abused, listening
from ws_raw import TEXT, call, frame, handshake, initialize, raw_peer

pytestmark = pytest.mark.anyio

PING_MESSAGE = b'{"jsonrpc":"2.0","id":7,"method":"ping"}'


GARBAGE = {
    "noise": os.urandom(3000),
    "TLS": bytes.fromhex("16030100c8010000c40303") + os.urandom(200),
    "a POST": b"POST /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}",
    "a plain GET": b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "HTTP/0.9": b"GET /ws\r\n\r\n",
    "no key": b"GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n",
    "an old version": handshake(80, Sec_WebSocket_Version="8"),
    "a header without end": b"GET /ws HTTP/1.1\r\nX: " + b"x" * 100_000,
    "a host that is none": b"GET /ws HTTP/1.1\r\nHost: \xff\xfe..\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\n",
    "nothing": b"\r\n",
}


@pytest.mark.parametrize("kind", GARBAGE)
async def test_a_garbage_handshake_opens_nothing(kind: str) -> None:
    settings = {"handshake_seconds": 0.5}
    async with (
        abused(websocket=settings) as port,
        raw_peer(port, request=GARBAGE[kind]) as peer,
    ):
        assert peer.status == 0 or 400 <= peer.status < 500


async def test_many_that_hang_up_in_the_handshake() -> None:
    async with abused() as port:
        whole = handshake(port)
        for length in range(0, len(whole), 9):
            stream = await anyio.connect_tcp("127.0.0.1", port)
            if length:
                await stream.send(whole[:length])
            await anyio.aclose_forcefully(stream)


async def test_many_that_hang_up_at_any_byte_of_a_conversation() -> None:
    async with abused() as port:
        said = frame(TEXT, str(initialize()).replace("'", '"').encode()) + frame(TEXT, PING_MESSAGE)
        for length in range(1, len(said), 17):
            async with raw_peer(port) as peer:
                await peer.send(said[:length])


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [("", None), ("mcp", "mcp"), ("zcp", "zcp"), ("soap, mcp", "mcp"), ("mcp, zcp", "mcp")],
)
async def test_the_clients_first_choice_that_is_spoken(offered: str, chosen: str | None) -> None:
    async with (
        listening(Kitchen()) as where,
        raw_peer(where.port, Sec_WebSocket_Protocol=offered) as peer,
    ):
        assert peer.status == 101
        named = [
            line.partition(":")[2].strip()
            for line in peer.head.splitlines()
            if line.lower().startswith("sec-websocket-protocol:")
        ]
        assert named == ([chosen] if chosen else [])


async def test_a_choice_of_unknown_subprotocols_is_refused() -> None:
    async with (
        listening(Kitchen()) as where,
        raw_peer(where.port, Sec_WebSocket_Protocol="soap") as peer,
    ):
        assert peer.status == 400


async def test_what_belongs_to_other_dialects_is_refused_on_mcp() -> None:
    async with (
        listening(Kitchen()) as where,
        raw_peer(where.port, Sec_WebSocket_Protocol="mcp") as peer,
    ):
        await peer.say(initialize("zcp/1"))
        answer = await peer.message()
        assert answer.get("result", {}).get("protocolVersion") != "zcp/1"


async def test_a_batch_where_the_revision_has_it() -> None:
    async with listening(Kitchen()) as where, raw_peer(where.port) as peer:
        await peer.say(initialize("2025-03-26"))
        await peer.message()
        await peer.say([call("add", 1, a=1, b=1), call("add", 2, a=2, b=1)])
        assert [each["id"] for each in await peer.message()] == [1, 2]


async def test_more_than_all_sockets() -> None:
    settings = {"websocket": {"max_connections": 2}}
    async with (
        listening(Kitchen(), **settings) as where,
        raw_peer(where.port) as one,
        raw_peer(where.port) as two,
    ):
        assert (one.status, two.status) == (101, 101)
        async with raw_peer(where.port) as three:
            assert three.status == 503
            assert "retry-after" in three.head.lower()
