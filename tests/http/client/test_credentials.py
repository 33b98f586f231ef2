"""Credentials on requests, and what a refused one does."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import anyio
import pytest
from exchanges import ANSWER, Script, call, opened, text
from wires import Conversation, RawRequest, raw_server
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ServerConfig
from zcp_kernel.contracts import Authorizer, OutgoingRequest, Refusal
from zcp_kernel.errors import ExchangeRefused
from zcp_transport_http import streamable_http_client, streamable_http_server
from zcp_transport_http.client.credentials import BearerToken, authorized
from zcp_transport_http.client.memory import MemoryHTTP
from zcp_transport_http.client.transport import SSETransport, StreamableHTTPTransport

pytestmark = pytest.mark.anyio


class Tokens:
    """An authorizer with a row of tokens; a refusal brings the next."""

    def __init__(self, *tokens: str) -> None:
        self.tokens = list(tokens)
        self.refusals: list[Refusal] = []
        self.asked: list[OutgoingRequest] = []

    async def headers(self, request: OutgoingRequest) -> Mapping[str, str]:
        self.asked.append(request)
        await anyio.lowlevel.checkpoint()
        return {"authorization": f"Bearer {self.tokens[0]}", "dpop": f"proof {len(self.asked)}"}

    async def challenged(self, refusal: Refusal) -> bool:
        self.refusals.append(refusal)
        await anyio.sleep(0.01)
        if len(self.tokens) == 1:
            return False
        del self.tokens[0]
        return True


class Guarded(Script):
    """Takes one token."""

    def __init__(self, token: str, number: int = 401) -> None:
        super().__init__()
        self.token = token
        self.number = number

    async def __call__(self, conversation: Conversation, request: RawRequest) -> Any:
        if request.headers.get("authorization") != f"Bearer {self.token}":
            fields = {"www-authenticate": 'Bearer error="invalid_token", scope="a b"'}
            return await conversation.respond(self.number, b'{"why": "not you"}', fields)
        if b"tools/call" in request.body:
            return await conversation.respond(200, text(ANSWER))
        return await super().__call__(conversation, request)


async def test_a_token_goes_with_every_request() -> None:
    async with raw_server(Guarded("t")) as server:
        async with StreamableHTTPTransport().connect(server.url(), auth="t") as channel:
            await opened(channel)
            assert (await call(channel)).delivered == [ANSWER]
        assert len(server.requests) >= 4
        assert {each.headers["authorization"] for each in server.requests} == {"Bearer t"}


async def test_a_token_that_is_refused_is_the_callers_to_know() -> None:
    async with raw_server(Guarded("t")) as server:
        async with StreamableHTTPTransport().connect(server.url(), auth="other") as channel:
            outcome = await call(channel)
        assert isinstance(outcome.error, ExchangeRefused)
        assert outcome.error.status == 401
        assert "invalid_token" in outcome.error.message
        assert "other" not in outcome.error.message
        assert len(server.requests) == 1


@pytest.mark.parametrize("number", [401, 403])
async def test_a_challenge_brings_other_credentials(number: int) -> None:
    tokens = Tokens("old", "older", "new")
    async with raw_server(Guarded("new", number)) as server:
        async with StreamableHTTPTransport().connect(server.url(), auth=tokens) as channel:
            assert (await call(channel)).delivered == [ANSWER]
        url = server.url()
    first, second = tokens.refusals
    assert first.status == number
    assert first.request == OutgoingRequest("POST", url)
    assert first.headers["www-authenticate"].startswith("Bearer error=")
    assert first.body == b'{"why": "not you"}'
    assert first.sent["authorization"] == "Bearer old"
    assert second.sent["authorization"] == "Bearer older"
    assert [each.headers["dpop"] for each in server.requests] == ["proof 1", "proof 2", "proof 3"]


async def test_challenges_without_end_end() -> None:
    tokens = Tokens(*map(str, range(50)))
    async with raw_server(Guarded("none of them")) as server:
        async with StreamableHTTPTransport().connect(server.url(), auth=tokens) as channel:
            outcome = await call(channel)
        assert isinstance(outcome.error, ExchangeRefused)
        assert len(server.requests) < 6


async def test_many_refused_at_once_are_one_challenge() -> None:
    tokens = Tokens("old", "new")
    async with raw_server(Guarded("new")) as server:
        async with StreamableHTTPTransport().connect(server.url(), auth=tokens) as channel:
            outcomes: list[Any] = []

            async def one() -> None:
                outcomes.append(await call(channel))

            async with anyio.create_task_group() as calls:
                for _ in range(20):
                    calls.start_soon(one)
        assert [outcome.delivered for outcome in outcomes] == [[ANSWER]] * 20
    assert len(tokens.refusals) == 1


async def test_what_the_authorizer_raises_reaches_the_caller() -> None:
    class Broken(Tokens):
        async def challenged(self, refusal: Refusal) -> bool:
            raise PermissionError("the user said no")

    async with (
        raw_server(Guarded("t")) as server,
        StreamableHTTPTransport().connect(server.url(), auth=Broken("x")) as channel,
    ):
        outcome = await call(channel)
    assert "the user said no" in str(outcome.error)


async def test_the_stream_of_an_old_server_has_them_too() -> None:
    tokens = Tokens("old", "new")
    seen: list[str] = []

    async def old(conversation: Conversation, request: RawRequest) -> Any:
        seen.append(request.headers["authorization"])
        if request.headers["authorization"] != "Bearer new":
            return await conversation.respond(401)
        await conversation.stream_head()
        await conversation.chunk(b"event: endpoint\ndata: /m\n\n")
        return await conversation.stream.receive()

    async with (
        raw_server(old) as server,
        SSETransport().connect("sse+" + server.url("/sse"), auth=tokens),
    ):
        pass
    assert seen == ["Bearer old", "Bearer new"]


async def test_a_server_in_this_process_asks_for_them_as_well() -> None:
    config = {"auth": {"token": "s3cret"}}
    app = FastZCP("Guarded")
    settings = ServerConfig.load(app.host, environ={}, sections=config)
    async with streamable_http_server(app, config=settings) as server:
        async with streamable_http_client(server, auth="s3cret") as client:
            assert client.server_info["name"] == "Guarded"
        with pytest.raises(ExchangeRefused) as refused:
            await streamable_http_client(server, auth="guess").initialize()
        assert refused.value.status == 401


def test_credentials_in_clear_text_are_told(caplog: pytest.LogCaptureFixture) -> None:
    http = MemoryHTTP(None, None)  # type: ignore[arg-type]
    with caplog.at_level(logging.WARNING):
        authorized(http, "http://mcp.example/mcp", "s3cret")
        authorized(http, "http://localhost/mcp", "s3cret")
        authorized(http, "https://mcp.example/mcp", "s3cret")
    (record,) = caplog.records
    assert "clear text" in record.getMessage()
    assert "s3cret" not in record.getMessage()
    assert "s3cret" not in repr(BearerToken("s3cret"))


def test_contracts_are_met() -> None:
    one: Authorizer = BearerToken("x")
    other: Authorizer = Tokens("x")
    assert one is not other
