"""HTTP+SSE over the network, and finding out that a server speaks nothing newer."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from exchanges import ANSWER, INITIALIZE, NOTICE, WELCOME, call, event, hang_up, text
from wires import Conversation, RawRequest, RawServer, raw_server
from zcp_kernel.errors import ConnectionLost, ExchangeRefused, RateLimited, SessionLost
from zcp_transport_http.client.transport import SSETransport, StreamableHTTPTransport

pytestmark = pytest.mark.anyio


class OldServer:
    """HTTP+SSE alone: one stream, whose messages are answered as told."""

    def __init__(self, endpoint: str = "/messages?session_id=1") -> None:
        self.endpoint = endpoint
        self.stream: Conversation | None = None
        self.before: list[Any] = []
        self.refuse: Any = None
        self.drop_on_call = False

    async def __call__(self, conversation: Conversation, request: RawRequest) -> Any:
        if request.method == "GET":
            await conversation.stream_head()
            await conversation.chunk(f"event: endpoint\ndata: {self.endpoint}\n\n".encode())
            self.stream = conversation
            await conversation.stream.receive()
            return True
        if not request.path.startswith("/messages"):
            return await conversation.respond(405)
        return await self.post(conversation, json.loads(request.body), request)

    async def post(self, conversation: Conversation, message: Any, request: RawRequest) -> Any:
        if message["method"] == "tools/call" and self.refuse is not None:
            return await self.refuse(conversation, request)
        await conversation.respond(202)
        assert self.stream is not None
        if message["method"] == "initialize":
            return await self.stream.chunk(event(WELCOME))
        if self.drop_on_call:
            return await self.stream.stream.aclose()
        for each in self.before:
            await self.stream.chunk(event(each))
        if "id" in message:
            await self.stream.chunk(event(ANSWER))
        return None


@asynccontextmanager
async def reading(channel: Any) -> AsyncGenerator[list[Any]]:
    """Reads the channel, as the kernel's client does."""
    frames: list[Any] = []

    async def read() -> None:
        try:
            while True:
                frames.append(json.loads(await channel.receive()))
        except anyio.EndOfStream:
            return

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        yield frames
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def old(server: OldServer) -> AsyncGenerator[tuple[Any, list[Any], RawServer]]:
    async with raw_server(server) as raw:
        url = "sse+" + raw.url("/sse")
        async with SSETransport().connect(url) as channel, reading(channel) as frames:
            made = await call(channel, INITIALIZE)
            assert made.delivered == [WELCOME]
            yield channel, frames, raw


async def test_answers_come_on_the_stream_after_what_was_said_before_them() -> None:
    server = OldServer()
    server.before = [NOTICE, NOTICE]
    async with old(server) as (channel, frames, _):
        seen: list[int] = []

        def take(frame: bytes) -> None:
            seen.append(len(frames))

        with anyio.fail_after(10):
            await channel.exchange(text({**ANSWER, "method": "tools/call"}), {}, take)
        assert seen == [2]
        assert frames == [NOTICE, NOTICE]


async def test_a_stream_that_ends_fails_what_waits_on_it() -> None:
    server = OldServer()
    server.drop_on_call = True
    async with old(server) as (channel, _, _raw):
        outcome = await call(channel)
        assert isinstance(outcome.error, ConnectionLost)
        assert not outcome.error.retryable
        later = await call(channel)
        assert isinstance(later.error, ConnectionLost)
        assert later.error.retryable
        with pytest.raises(anyio.BrokenResourceError):
            await channel.send(text(NOTICE))


@pytest.mark.parametrize(
    ("number", "kind"), [(404, SessionLost), (429, RateLimited), (502, ExchangeRefused)]
)
async def test_a_post_that_is_refused_fails_its_call_alone(number: int, kind: type) -> None:
    async def refuse(conversation: Conversation, request: RawRequest) -> None:
        await conversation.respond(number)

    server = OldServer()
    server.refuse = refuse
    async with old(server) as (channel, _, _raw):
        assert isinstance((await call(channel)).error, kind)
        server.refuse = None
        assert (await call(channel)).delivered == [ANSWER]


async def test_a_post_whose_response_is_lost_may_have_arrived() -> None:
    async def lose(conversation: Conversation, request: RawRequest) -> Any:
        assert server.stream is not None
        await server.stream.chunk(event(ANSWER))
        return await hang_up(conversation, request)

    server = OldServer()
    server.refuse = lose
    async with old(server) as (channel, _, _raw):
        assert (await call(channel)).delivered == [ANSWER]


@pytest.mark.parametrize(
    "endpoint", ["http://evil.example/messages", "//evil.example/messages", "https://127.0.0.1/m"]
)
async def test_posts_go_to_the_same_origin_alone(endpoint: str) -> None:
    async with raw_server(OldServer(endpoint)) as raw:
        with pytest.raises(ConnectionLost, match="another origin") as refused:
            async with SSETransport().connect("sse+" + raw.url("/sse"), auth="secret"):
                pass
        assert not refused.value.retryable


async def test_what_is_no_event_stream() -> None:
    async def page(conversation: Conversation, request: RawRequest) -> None:
        await conversation.respond(200, b"<html>", kind="text/html")

    async with raw_server(page) as raw:
        with pytest.raises(ConnectionLost, match="where a stream should be"):
            async with SSETransport().connect("sse+" + raw.url("/sse")):
                pass


async def test_only_sessions_are_carried() -> None:
    async with raw_server(OldServer()) as raw:
        url = "sse+" + raw.url("/sse")
        async with SSETransport().connect(url) as channel, reading(channel):
            outcome = await call(channel)
        assert isinstance(outcome.error, ExchangeRefused)
        assert "sessions alone" in outcome.error.message
        assert [each.method for each in raw.requests] == ["GET"]


async def test_an_old_server_is_found_out_by_its_refusal() -> None:
    async with (
        raw_server(OldServer()) as raw,
        StreamableHTTPTransport().connect(raw.url("/sse")) as channel,
        reading(channel) as frames,
    ):
        assert (await call(channel, INITIALIZE)).delivered == [WELCOME]
        channel.agree({}, session=True)
        await channel.send(text(NOTICE))
        assert (await call(channel)).delivered == [ANSWER]
        assert frames == []
        seen = [(each.method, each.path.partition("?")[0]) for each in raw.requests]
    assert seen[:3] == [("POST", "/sse"), ("GET", "/sse"), ("POST", "/messages")]
    assert {path for _, path in seen[3:]} == {"/messages"}


@pytest.mark.parametrize(
    ("number", "looked"), [(404, True), (400, True), (401, False), (500, False)]
)
async def test_a_server_that_is_no_old_one_either_keeps_its_refusal(
    number: int, looked: bool
) -> None:
    async def refuse(conversation: Conversation, request: RawRequest) -> None:
        await conversation.respond(number)

    async with (
        raw_server(refuse) as raw,
        StreamableHTTPTransport().connect(raw.url()) as channel,
    ):
        outcome = await call(channel, INITIALIZE)
        assert isinstance(outcome.error, ExchangeRefused)
        assert outcome.error.status == number
        assert ("GET" in [each.method for each in raw.requests]) is looked
