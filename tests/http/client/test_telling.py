"""Notifications, answers to the server's questions, and the end of a channel."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from exchanges import ANSWER, Script, answer, call, hang_up, opened, status, text
from wires import Conversation, RawRequest, raw_server
from zcp_transport_http.client import channel as channel_module
from zcp_transport_http.client.transport import StreamableHTTPTransport

pytestmark = pytest.mark.anyio
TOLD = {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}


class Telling(Script):
    """A server that takes notifications as told, then as usual."""

    def __init__(self, *replies: Any) -> None:
        super().__init__(answer())
        self.replies = list(replies)

    async def __call__(self, conversation: Conversation, request: RawRequest) -> Any:
        message = json.loads(request.body) if request.body else {}
        if "notifications/" in message.get("method", "") and self.replies:
            return await self.replies.pop(0)(conversation, request)
        return await super().__call__(conversation, request)


async def told(script: Telling) -> list[Any]:
    async with raw_server(script) as server:
        async with StreamableHTTPTransport().connect(server.url()) as channel:
            await opened(channel)
            await channel.send(text(TOLD))
        return [each for each in server.requests if b"roots" in each.body]


@pytest.mark.parametrize("trouble", [hang_up, status(500), status(503), status(429)])
async def test_what_met_with_trouble_is_told_again(trouble: Any) -> None:
    assert len(await told(Telling(trouble, trouble))) == 3


async def test_what_is_refused_is_not() -> None:
    assert len(await told(Telling(status(400)))) == 1


async def test_what_cannot_be_told_is_an_error_and_calls_go_on() -> None:
    script = Telling(*[status(500)] * 3)
    async with (
        raw_server(script) as server,
        StreamableHTTPTransport().connect(server.url()) as channel,
    ):
        await opened(channel)
        with pytest.raises(anyio.BrokenResourceError):
            await channel.send(text(TOLD))
        assert (await call(channel)).delivered == [ANSWER]


async def test_a_session_that_is_gone_ends_the_channel() -> None:
    async with (
        raw_server(Telling(status(404))) as server,
        StreamableHTTPTransport().connect(server.url()) as channel,
    ):
        await opened(channel)
        with pytest.raises(anyio.BrokenResourceError):
            await channel.send(text(TOLD))
        with pytest.raises(anyio.EndOfStream):
            await channel.receive()


async def test_leaving_ends_the_session_once() -> None:
    async with raw_server(Script(answer())) as server:
        async with StreamableHTTPTransport().connect(server.url()) as channel:
            await opened(channel)
            assert channel.session_id == "s-1"
            await channel.aclose()
            await channel.aclose()
        deleted = [each for each in server.requests if each.method == "DELETE"]
    assert [each.headers["mcp-session-id"] for each in deleted] == ["s-1"]


@pytest.mark.parametrize(("ends", "wanted"), [(None, 0), (True, 1)])
async def test_a_session_of_somebody_else_is_left_as_it_was(ends: Any, wanted: int) -> None:
    async with raw_server(Script(answer())) as server:
        async with StreamableHTTPTransport().connect(
            server.url(), session_id="s-9", end_session=ends
        ) as channel:
            assert channel.session_id == "s-9"
            channel.agree({}, session=True)
            await call(channel)
        methods = [each.method for each in server.requests]
        sessions = {each.headers["mcp-session-id"] for each in server.requests}
    assert sessions == {"s-9"}
    assert methods.count("DELETE") == wanted


@pytest.mark.parametrize("ending", ["hangs up", "says nothing"])
async def test_a_server_that_is_gone_does_not_keep_us(
    ending: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "CLOSE_SECONDS", 0.05)

    class Gone(Script):
        async def __call__(self, conversation: Conversation, request: RawRequest) -> Any:
            if request.method != "DELETE":
                return await super().__call__(conversation, request)
            if ending == "says nothing":
                await anyio.sleep_forever()
            return True

    async with raw_server(Gone()) as server:
        with anyio.fail_after(10):
            async with StreamableHTTPTransport().connect(server.url()) as channel:
                await opened(channel)
