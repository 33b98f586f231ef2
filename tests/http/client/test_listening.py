"""The stream for what a server says by itself, and streams that fall silent."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from exchanges import ANSWER, NOTICE, Script, call, event, opened, status, streamed, text
from wires import Conversation, RawRequest, raw_server
from zcp_kernel.errors import ConnectionLost
from zcp_transport_http.client.streams import Patience, backoff_seconds
from zcp_transport_http.client.transport import StreamableHTTPTransport

pytestmark = pytest.mark.anyio
COMMENT = b": ping\n\n"


class Pushing(Script):
    """A server whose GET streams are as told; after the last it has none."""

    def __init__(self, *streams: Any, calls: Any = ()) -> None:
        super().__init__(*calls)
        self.streams = list(streams)
        self.asked: list[str | None] = []

    async def __call__(self, conversation: Conversation, request: RawRequest) -> Any:
        if request.method != "GET":
            return await super().__call__(conversation, request)
        self.asked.append(request.headers.get("last-event-id"))
        if not self.streams:
            await conversation.stream_head()
            await anyio.sleep_forever()
        return await self.streams.pop(0)(conversation, request)


async def heard(script: Pushing, wanted: int, **options: Any) -> list[Any]:
    frames: list[Any] = []
    async with (
        raw_server(script) as server,
        StreamableHTTPTransport().connect(server.url(), **options) as channel,
    ):
        await opened(channel)
        with anyio.fail_after(10):
            while len(frames) < wanted:
                frames.append(json.loads(await channel.receive()))
    return frames


@pytest.mark.parametrize("whole", [True, False])
async def test_a_stream_that_ends_is_resumed(whole: bool) -> None:
    head = b"retry: 5\n" + event(NOTICE, "7")
    script = Pushing(
        streamed(head, whole=whole), status(502), streamed(event(NOTICE, "8"), whole=whole)
    )
    assert await heard(script, 2) == [NOTICE, NOTICE]
    assert script.asked[:3] == [None, "7", "7"]


async def test_events_that_are_gone_are_given_up_and_listening_goes_on() -> None:
    head = b"retry: 5\n" + event(NOTICE, "7")
    script = Pushing(streamed(head), status(400), streamed(event(NOTICE, "1")))
    assert await heard(script, 2) == [NOTICE, NOTICE]
    assert script.asked[:3] == [None, "7", None]


async def test_a_server_without_such_a_stream_is_left_alone() -> None:
    script = Pushing(status(405), streamed(event(NOTICE)))
    async with (
        raw_server(script) as server,
        StreamableHTTPTransport().connect(server.url()) as channel,
    ):
        await opened(channel)
        with anyio.move_on_after(0.1) as waited:
            await channel.receive()
        assert waited.cancelled_caught
    assert script.asked == [None]


async def test_a_session_that_is_gone_ends_the_channel() -> None:
    script = Pushing(streamed(b"retry: 1\n" + event(NOTICE, "1")), status(404))
    async with (
        raw_server(script) as server,
        StreamableHTTPTransport().connect(server.url()) as channel,
    ):
        await opened(channel)
        with anyio.fail_after(10):
            assert json.loads(await channel.receive()) == NOTICE
            with pytest.raises(anyio.EndOfStream):
                await channel.receive()
        assert channel.exit_reason == "the server no longer knows the session"
        with pytest.raises(anyio.BrokenResourceError):
            await channel.send(text(NOTICE))


async def test_calls_under_way_outlive_the_news_that_their_session_is_gone() -> None:
    refused = anyio.Event()

    async def gone(conversation: Conversation, request: RawRequest) -> None:
        await conversation.respond(404)
        refused.set()

    async def late(conversation: Conversation, request: RawRequest) -> None:
        await refused.wait()
        await anyio.sleep(0.05)
        await conversation.respond(200, text(ANSWER))

    script = Pushing(gone, calls=[late])
    async with (
        raw_server(script) as server,
        StreamableHTTPTransport().connect(server.url()) as channel,
    ):
        await opened(channel)
        assert (await call(channel)).delivered == [ANSWER]
        with anyio.fail_after(10), pytest.raises(anyio.EndOfStream):
            await channel.receive()


async def test_without_a_session_there_is_nothing_to_listen_to() -> None:
    script = Pushing()
    async with (
        raw_server(script) as server,
        StreamableHTTPTransport().connect(server.url()) as channel,
    ):
        channel.agree({}, session=False)
        await anyio.sleep(0.05)
        await channel.aclose()
        assert server.requests == []


async def silent(conversation: Conversation, request: RawRequest) -> None:
    """Keeps its stream alive for a while, then is there and says nothing."""
    await conversation.stream_head()
    for _ in range(3):
        await conversation.chunk(COMMENT)
        await anyio.sleep(0.01)
    await anyio.sleep_forever()


async def test_a_half_open_stream_is_noticed_and_opened_anew() -> None:
    script = Pushing(silent, streamed(event(NOTICE)))
    assert await heard(script, 1, least_silence_seconds=0.1) == [NOTICE]


async def test_a_half_open_call_fails() -> None:
    async with (
        raw_server(Script(silent)) as server,
        StreamableHTTPTransport().connect(server.url(), least_silence_seconds=0.1) as channel,
    ):
        channel.agree({}, session=False)
        outcome = await call(channel)
    assert isinstance(outcome.error, ConnectionLost)
    assert "nothing came for" in outcome.error.message


async def test_a_server_that_promised_nothing_may_be_silent() -> None:
    patience = Patience(least=0.0)
    assert patience.seconds is None
    patience.heard(comment=False)
    assert patience.seconds is None
    patience.heard(comment=True)
    assert patience.seconds is not None


async def test_patience_follows_the_longest_pause() -> None:
    patience = Patience(least=0.0)
    for seconds in (0.02, 0.0, 0.01):
        await anyio.sleep(seconds)
        patience.heard(comment=True)
    assert patience.seconds is not None
    assert patience.seconds >= 3 * 0.02
    assert Patience(least=30.0).seconds is None


def test_pauses_grow_to_a_limit_and_differ() -> None:
    pauses = [backoff_seconds(failures) for failures in range(60)]
    assert all(0 < pause <= 30 for pause in pauses)
    assert len({backoff_seconds(3) for _ in range(20)}) > 1
