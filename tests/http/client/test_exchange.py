"""What becomes of one request: answered, resumed, refused, lost."""

from __future__ import annotations

import socket
from typing import Any

import anyio
import pytest
from exchanges import (
    ANSWER,
    CALL,
    NOTICE,
    SESSION,
    Call,
    Script,
    answer,
    call,
    event,
    hang_up,
    opened,
    status,
    streamed,
    text,
)
from wires import LOOPBACK, raw_server
from zcp_kernel.errors import ConnectionLost, ExchangeRefused, RateLimited, SessionLost
from zcp_transport_http.client.transport import StreamableHTTPTransport

pytestmark = pytest.mark.anyio
RESENDS = {**SESSION, "x-zcp-resends": "idempotency-key"}
ERROR = {"jsonrpc": "2.0", "id": 2, "error": {"code": -32602, "message": "no"}}


async def made(script: Script, *, session: bool = True, **options: Any) -> tuple[Call, list[Any]]:
    """One call to a server that follows the script, and the requests the server saw."""
    async with raw_server(script) as server:
        async with StreamableHTTPTransport().connect(server.url(), **options) as channel:
            if session:
                await opened(channel)
            outcome = await call(channel)
        return outcome, server.requests


@pytest.mark.parametrize("session", [True, False])
async def test_an_answer_in_json(session: bool) -> None:
    outcome, _ = await made(Script(answer()), session=session)
    assert (outcome.delivered, outcome.error) == ([ANSWER], None)


async def test_a_stream_is_delivered_in_its_order() -> None:
    outcome, _ = await made(Script(streamed(event(NOTICE), event(NOTICE), event(ANSWER))))
    assert outcome.delivered == [NOTICE, NOTICE, ANSWER]


async def test_an_answer_of_another_request_is_not_the_answer() -> None:
    other = {**ANSWER, "id": "2"}
    outcome, _ = await made(Script(streamed(event(other), event({**ANSWER, "id": True}))))
    assert isinstance(outcome.error, ConnectionLost)
    assert not outcome.error.retryable


async def test_session_and_version_go_with_every_request_but_the_handshake() -> None:
    _, requests = await made(Script(answer()), headers={"X-Tenant": "acme"})
    first, *others = requests
    assert "mcp-session-id" not in first.headers
    assert "mcp-protocol-version" not in first.headers
    assert {each.method for each in others} == {"GET", "POST", "DELETE"}
    for each in others:
        assert each.headers["mcp-session-id"] == "s-1"
        assert each.headers["mcp-protocol-version"] == "2025-11-25"
    assert all(each.headers["x-tenant"] == "acme" for each in requests)


async def test_headers_of_the_call_stand_over_the_agreed_ones() -> None:
    async with raw_server(Script(answer())) as server:
        async with StreamableHTTPTransport().connect(server.url()) as channel:
            channel.agree({"mcp-protocol-version": "2026-07-28"}, session=False)
            await call(channel, headers={"mcp-name": "add", "mcp-protocol-version": "2099-01-01"})
        (request,) = server.requests
    assert request.headers["mcp-name"] == "add"
    assert request.headers["mcp-protocol-version"] == "2099-01-01"


async def test_a_broken_stream_is_resumed_where_it_broke() -> None:
    script = Script(
        streamed(event(None, "1-0"), event(NOTICE, "1-1"), whole=False),
        resumes=[streamed(event(NOTICE, "1-2"), whole=False), streamed(event(ANSWER, "1-3"))],
    )
    outcome, requests = await made(script)
    assert outcome.delivered == [NOTICE, NOTICE, ANSWER]
    asked = [each.headers.get("last-event-id") for each in requests if each.method == "GET"]
    assert [each for each in asked if each is not None] == ["1-1", "1-2"]


async def test_a_stream_that_was_let_go_is_fetched_after_the_pause_it_asked_for() -> None:
    prime = b"id: 1-0\nretry: 50\ndata: \n\n"
    paused: list[float] = []

    async def resumed(conversation: Any, request: Any) -> Any:
        paused.append(anyio.current_time())
        return await streamed(event(ANSWER, "1-1"))(conversation, request)

    async def let_go(conversation: Any, request: Any) -> Any:
        await streamed(prime)(conversation, request)
        paused.append(anyio.current_time())

    outcome, _ = await made(Script(let_go, resumes=[resumed]))
    assert outcome.delivered == [ANSWER]
    assert paused[1] - paused[0] >= 0.05


async def test_a_stream_without_ids_is_lost() -> None:
    outcome, requests = await made(Script(streamed(event(NOTICE), whole=False)))
    assert isinstance(outcome.error, ConnectionLost)
    assert not outcome.error.retryable
    assert outcome.delivered == [NOTICE]
    assert not any("last-event-id" in each.headers for each in requests)


async def test_without_a_session_nothing_is_resumed() -> None:
    script = Script(streamed(event(NOTICE, "1-1"), whole=False), resumes=[answer()])
    outcome, requests = await made(script, session=False)
    assert isinstance(outcome.error, ConnectionLost)
    assert [each.method for each in requests] == ["POST"]


async def test_resuming_ends_when_it_brings_nothing_new() -> None:
    refusing = [streamed(b"retry: 1\ndata:\n\n", whole=False)] * 50
    script = Script(streamed(event(NOTICE, "1-1"), whole=False), resumes=refusing)
    outcome, requests = await made(script)
    assert isinstance(outcome.error, ConnectionLost)
    assert sum("last-event-id" in each.headers for each in requests) < 10


async def test_a_server_that_forgot_the_events_says_so() -> None:
    script = Script(streamed(event(NOTICE, "1-1"), whole=False), resumes=[status(400)])
    outcome, _ = await made(script)
    assert isinstance(outcome.error, ConnectionLost)
    assert "resumed" in outcome.error.message
    assert not outcome.error.retryable


async def test_a_session_that_is_gone_while_resuming_may_have_done_the_work() -> None:
    script = Script(streamed(event(NOTICE, "1-1"), whole=False), resumes=[status(404)])
    outcome, _ = await made(script)
    assert isinstance(outcome.error, SessionLost)
    assert not outcome.error.retryable


async def test_a_busy_server_is_resumed_later() -> None:
    script = Script(
        streamed(event(NOTICE, "1-1"), whole=False),
        resumes=[status(503, retry_after="0"), status(502), streamed(event(ANSWER, "1-2"))],
    )
    outcome, _ = await made(script)
    assert outcome.delivered == [NOTICE, ANSWER]


HALVES = [hang_up, streamed(whole=False), streamed(b"id: 1-", whole=False)]


@pytest.mark.parametrize("broken", HALVES)
async def test_a_server_that_serves_once_is_sent_the_request_again(broken: Any) -> None:
    outcome, requests = await made(Script(broken, broken, answer(), headers=RESENDS))
    assert outcome.delivered == [ANSWER]
    keys = [each.headers.get("idempotency-key") for each in requests if b"tools/call" in each.body]
    assert len(keys) == 3
    assert len({*keys}) == 1


async def test_any_other_is_not() -> None:
    outcome, requests = await made(Script(hang_up, answer()))
    assert isinstance(outcome.error, ConnectionLost)
    assert not outcome.error.retryable
    assert sum(b"tools/call" in each.body for each in requests) == 1
    assert not any("idempotency-key" in each.headers for each in requests)


async def test_nobody_there_is_safe_to_try_again() -> None:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = probe.getsockname()[1]
    async with StreamableHTTPTransport().connect(f"http://{LOOPBACK}:{port}/mcp") as channel:
        outcome = await call(channel)
    assert isinstance(outcome.error, ConnectionLost)
    assert outcome.error.retryable
    assert "refused" in outcome.error.message.lower()


async def test_an_error_under_the_requests_id_is_the_answer_whatever_the_status() -> None:
    for number in (400, 403, 404, 500):
        outcome, _ = await made(Script(status(number, text(ERROR))), session=False)
        assert (outcome.delivered, outcome.error) == ([ERROR], None)


@pytest.mark.parametrize("number", [400, 401, 403, 405, 410, 418, 500, 502, 599])
async def test_a_refusal_has_its_status_and_what_was_said(number: int) -> None:
    error = {"code": -32600, "message": "Bad Request: because"}
    body = text({"jsonrpc": "2.0", "id": "server-error", "error": error})
    outcome, _ = await made(Script(status(number, body)))
    assert isinstance(outcome.error, ExchangeRefused)
    assert (outcome.error.status, outcome.error.error) == (number, error)
    assert "because" in outcome.error.message
    assert not outcome.error.retryable


async def test_a_session_nobody_knows_any_more() -> None:
    for body in (b"", text({**ERROR, "id": None}), text(ERROR), b"<html>"):
        outcome, _ = await made(Script(status(404, body)))
        assert isinstance(outcome.error, SessionLost)
        assert outcome.error.retryable


async def test_a_method_nobody_knows_is_no_lost_session() -> None:
    unknown = {"jsonrpc": "2.0", "id": 2, "error": {"code": -32601, "message": "no such method"}}
    outcome, _ = await made(Script(status(404, text(unknown))))
    assert outcome.delivered == [unknown]


@pytest.mark.parametrize(
    ("number", "said", "wait"),
    [(429, "7", 7.0), (503, "1", 1.0), (429, "soon", None), (429, "", None)],
)
async def test_a_server_that_wants_fewer_requests(number: int, said: str, wait: float) -> None:
    outcome, _ = await made(Script(status(number, b"", retry_after=said)))
    assert isinstance(outcome.error, RateLimited)
    assert outcome.error.retry_after == wait


async def test_retry_after_as_a_date() -> None:
    past = "Wed, 21 Oct 2015 07:28:00 GMT"
    outcome, _ = await made(Script(status(429, b"", retry_after=past)))
    assert isinstance(outcome.error, RateLimited)
    assert outcome.error.retry_after == 0.0


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[]", b"null", b'"x"', b"<html></html>"])
async def test_garbage_is_a_typed_failure(body: bytes) -> None:
    outcome, _ = await made(Script(status(200, body)))
    assert isinstance(outcome.error, ConnectionLost)
    assert not outcome.error.retryable


async def test_a_batch_may_hold_the_answer() -> None:
    outcome, _ = await made(Script(answer([NOTICE, ANSWER])))
    assert outcome.delivered == [[NOTICE, ANSWER]]


async def test_a_cancelled_caller_closes_the_response() -> None:
    gone = anyio.Event()

    async def wait(conversation: Any, request: Any) -> bool:
        await conversation.stream_head()
        await conversation.chunk(event(NOTICE))
        try:
            await conversation.stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            gone.set()
        return True

    seen = anyio.Event()

    def take(frame: bytes) -> None:
        seen.set()

    async with (
        raw_server(Script(wait)) as server,
        StreamableHTTPTransport().connect(server.url()) as channel,
    ):
        channel.agree({}, session=False)
        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(channel.exchange, text(CALL), {}, take)
                await seen.wait()
                tasks.cancel_scope.cancel()
            await gone.wait()


async def test_connections_are_used_again() -> None:
    replies = [streamed(event(ANSWER)), answer()] * 10
    async with (
        raw_server(Script(*replies)) as server,
        StreamableHTTPTransport().connect(server.url()) as channel,
    ):
        channel.agree({}, session=False)
        for _ in range(20):
            assert (await call(channel)).delivered == [ANSWER]
        assert server.connections == 1
