"""Servers that mean harm, or do not know better."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from exchanges import ANSWER, NOTICE, Script, answer, call, event, opened, status, streamed, text
from wires import Conversation, RawRequest, raw_server
from zcp_kernel.contracts import OutgoingRequest, Refusal
from zcp_kernel.errors import ConnectionLost
from zcp_transport_http.client import exchange, streams
from zcp_transport_http.client.transport import StreamableHTTPTransport

pytestmark = pytest.mark.anyio


async def outcome_of(script: Script, **options: Any) -> Any:
    async with (
        raw_server(script) as server,
        StreamableHTTPTransport().connect(server.url(), **options) as channel,
    ):
        await opened(channel)
        return await call(channel)


@pytest.mark.parametrize("kind", ["stream", "json"])
async def test_a_message_without_end(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (streams, exchange):
        monkeypatch.setattr(module, "MAX_MESSAGE_BYTES", 200_000)
    sent: list[int] = []

    async def endless(conversation: Conversation, request: RawRequest) -> Any:
        if kind == "stream":
            await conversation.stream_head()
            await conversation.chunk(event(NOTICE, "1-1") + b"data: ")
        else:
            head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
            await conversation.send(f"{head}transfer-encoding: chunked\r\n\r\n".encode())
        for _ in range(1000):
            await conversation.chunk(b"x" * 10_000)
            sent.append(1)
        return True

    outcome = await outcome_of(Script(endless))
    assert isinstance(outcome.error, ConnectionLost)
    assert "larger than" in outcome.error.message
    assert not outcome.error.retryable


@pytest.mark.parametrize("id", ["\u2192\u00fc", "a b", "x" * 5000])
async def test_event_ids_of_every_kind_come_back_as_they_were(id: str) -> None:
    script = Script(
        streamed(event(NOTICE, id), whole=False), resumes=[streamed(event(ANSWER, "end"))]
    )
    async with (
        raw_server(script) as server,
        StreamableHTTPTransport().connect(server.url()) as channel,
    ):
        await opened(channel)
        assert (await call(channel)).delivered == [NOTICE, ANSWER]
        (asked,) = [r for r in server.requests if "last-event-id" in r.headers]
        assert asked.headers["last-event-id"].encode("latin-1").decode() == id


@pytest.mark.parametrize("id", ["\x01", "\x7f", "\u2028"])
async def test_event_ids_that_cannot_be_sent_back_are_no_crash(id: str) -> None:
    outcome = await outcome_of(Script(streamed(event(NOTICE, id), whole=False)))
    assert isinstance(outcome.error, ConnectionLost)


@pytest.mark.parametrize("retry", [b"9" * 5000, b"-1", b"1e3", b"\xd9\xa3", b""])
async def test_pauses_nobody_can_mean(retry: bytes) -> None:
    said = b"id: 1-1\nretry: " + retry + b"\nretry: 1\ndata:\n\n"
    outcome = await outcome_of(Script(streamed(said), resumes=[streamed(event(ANSWER))]))
    assert outcome.delivered == [ANSWER]


@pytest.mark.parametrize("name", ["ping", "endpoint", "error", "messages"])
async def test_events_of_other_names_are_passed_over(name: str) -> None:
    other = f"event: {name}\ndata: {{}}\n\n".encode()
    outcome = await outcome_of(Script(streamed(other, event(ANSWER), other)))
    assert outcome.delivered == [ANSWER]


async def test_an_event_that_is_no_json_is_passed_over() -> None:
    outcome = await outcome_of(Script(streamed(b"data: <html>\n\n", event(ANSWER))))
    assert outcome.delivered == [ANSWER]


async def test_odd_content_types() -> None:
    async def odd(conversation: Conversation, request: RawRequest) -> Any:
        await conversation.respond(200, event(ANSWER), kind="Text/Event-Stream; charset=utf-8")

    assert (await outcome_of(Script(odd))).delivered == [ANSWER]
    plain = Script(status(200, text(ANSWER), content_type="text/plain"))
    assert (await outcome_of(plain)).delivered == [ANSWER]


async def test_heads_that_are_no_http() -> None:
    for junk in (b"\x16\x03\x01\x02", b"HTTP/9.9 banana\r\n\r\n", b"x" * 200_000):

        async def garbage(
            conversation: Conversation, request: RawRequest, junk: bytes = junk
        ) -> bool:
            await conversation.send(junk)
            return True

        outcome = await outcome_of(Script(garbage))
        assert isinstance(outcome.error, ConnectionLost)
        assert not outcome.error.retryable


class Moody:
    """Gives credentials for calls, and fails for anything else."""

    async def headers(self, request: OutgoingRequest) -> Mapping[str, str]:
        if request.method != "POST":
            raise PermissionError("nobody is signed in")
        return {}

    async def challenged(self, refusal: Refusal) -> bool:
        return False


async def test_credentials_that_fail_where_nobody_waits_harm_no_call() -> None:
    async with (
        raw_server(Script(answer(), answer())) as server,
        StreamableHTTPTransport().connect(server.url(), auth=Moody()) as channel,
    ):
        await opened(channel)
        assert (await call(channel)).delivered == [ANSWER]
        await channel.send(text(NOTICE))
        assert (await call(channel)).delivered == [ANSWER]


async def test_what_is_closed_says_so() -> None:
    async with raw_server(Script(answer())) as server:
        async with StreamableHTTPTransport().connect(server.url()) as channel:
            await opened(channel)
            await channel.aclose()
            outcome = await call(channel)
        assert isinstance(outcome.error, ConnectionLost)
        assert outcome.error.retryable
