"""The stream of a session whose server was away: opened again once the server answers a call."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from exchanges import ANSWER, INITIALIZE, NOTICE, SESSION, WELCOME, call, event, opened, text
from zcp_transport_http.client import listening
from zcp_transport_http.client.channel import streamable_channel
from zcp_transport_http.client.http import HTTPResponse, Unreachable

from .counting import until

pytestmark = pytest.mark.anyio
AGES = 3600.0


class Away:
    """An `HTTPClient` whose server may be `up`, and its streams apart from it."""

    def __init__(self) -> None:
        self.up = True
        self.status: int | None = None
        self.streams = 0
        self.said = anyio.Event()

    @asynccontextmanager
    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> AsyncGenerator[HTTPResponse]:
        if method == "GET":
            self.streams += 1
        if not self.up:
            raise Unreachable("nobody is there", refused=True)
        if method == "GET" and self.status is not None:
            yield HTTPResponse(self.status, {}, _parts())
        elif method == "GET":
            yield HTTPResponse(200, {"content-type": "text/event-stream"}, self._stream())
        elif text(INITIALIZE) == body:
            yield HTTPResponse(200, SESSION, _parts(text(WELCOME)))
        else:
            yield HTTPResponse(200, {}, _parts(text(ANSWER)))

    async def _stream(self) -> AsyncIterator[bytes]:
        if self.streams > 1:
            yield event(NOTICE, "1")
        await self.said.wait()
        raise ConnectionError("cut")


async def _parts(*parts: bytes) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


@asynccontextmanager
async def joined(peer: Away, monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Any]:
    monkeypatch.setattr(listening, "backoff_seconds", lambda failures: AGES)
    async with streamable_channel(peer, "http://server.example/mcp") as channel:
        await opened(channel)
        await until(lambda: peer.streams == 1)
        await anyio.wait_all_tasks_blocked()
        yield channel


async def test_an_answered_call_ends_the_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    peer = Away()
    async with joined(peer, monkeypatch) as channel:
        peer.up = False
        peer.said.set()
        await anyio.wait_all_tasks_blocked()
        assert (await call(channel)).error is not None
        await anyio.wait_all_tasks_blocked()
        assert peer.streams == 1
        peer.up = True
        assert (await call(channel)).error is None
        with anyio.fail_after(5):
            assert b"progress" in await channel.receive()


async def test_a_stream_that_was_refused_is_opened_again(monkeypatch: pytest.MonkeyPatch) -> None:
    peer = Away()
    peer.status = 503
    async with joined(peer, monkeypatch) as channel:
        peer.status = None
        assert (await call(channel)).error is None
        with anyio.fail_after(5):
            assert b"progress" in await channel.receive()


async def test_streams_that_always_break_are_not_opened_with_every_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peer = Away()
    async with joined(peer, monkeypatch) as channel:
        peer.status = 503
        peer.said.set()
        await anyio.wait_all_tasks_blocked()
        for _ in range(20):
            assert (await call(channel)).error is None
            await anyio.wait_all_tasks_blocked()
        assert peer.streams == 2


async def test_a_server_that_wants_fewer_requests_is_left_its_pause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    peer = Away()
    peer.status = 429
    async with joined(peer, monkeypatch) as channel:
        for _ in range(5):
            assert (await call(channel)).error is None
            await anyio.wait_all_tasks_blocked()
        assert peer.streams == 1
