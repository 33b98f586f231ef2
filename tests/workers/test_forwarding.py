"""What becomes of a request that was passed on to a process which ends."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import pytest
from anyio.abc import SocketStream
from zcp_kernel.jsontext import loads
from zcp_transport_http.cluster.forward import Forwarding, Gone
from zcp_transport_http.guard.credentials import ANONYMOUS
from zcp_transport_http.wire import Headers, Request

pytestmark = pytest.mark.anyio

WORKER = "0badcafe"
JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10\r\n\r\n"
STREAM = (
    b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    b"7\r\ndata: 1\r\n"
)


@asynccontextmanager
async def ending(answer: bytes) -> AsyncGenerator[Forwarding]:
    """The way to a process that ends after it has written so much of its answer."""

    async def serve(stream: SocketStream) -> None:
        async with stream:
            await stream.receive()
            if answer:
                await stream.send(answer)

    with TemporaryDirectory(prefix="zcp-") as folder:
        forwarding = Forwarding(Path(folder), "secret")
        async with (
            await anyio.create_unix_listener(forwarding.path_of(WORKER)) as listener,
            anyio.create_task_group() as group,
        ):
            group.start_soon(listener.serve, serve)
            yield forwarding
            group.cancel_scope.cancel()
        await forwarding.aclose()


async def passed_on(forwarding: Forwarding, method: str) -> list[Any]:
    """What the client gets."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        await anyio.sleep_forever()

    scope = {"method": method, "path": "/mcp", "headers": [], "query_string": b""}
    request = Request(method, "/mcp", Headers(), scope, receive, ANONYMOUS, b"{}")
    with anyio.fail_after(10):
        await forwarding.to(WORKER, request, send)
    return sent


@pytest.mark.parametrize("answer", [b"", JSON, JSON + b'{"jso'])
async def test_half_an_answer_is_none(answer: bytes) -> None:
    async with ending(answer) as forwarding:
        head, body = await passed_on(forwarding, "POST")
        assert head["status"] == 502
        assert "what became of it is unknown" in loads(body["body"])["error"]["message"]


@pytest.mark.parametrize("answer", [b"", JSON, JSON + b'{"jso'])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_what_may_be_asked_again_is_asked_elsewhere(answer: bytes, method: str) -> None:
    async with ending(answer) as forwarding:
        with pytest.raises(Gone):
            await passed_on(forwarding, method)


async def test_a_whole_answer_is_passed_on_as_it_is() -> None:
    async with ending(JSON + b'{"a": "b"}') as forwarding:
        head, body = await passed_on(forwarding, "POST")
        assert head["status"] == 200
        assert (b"content-length", b"10") in head["headers"]
        assert body["body"] == b'{"a": "b"}'


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_stream_ends_and_its_client_comes_back(method: str) -> None:
    async with ending(STREAM) as forwarding:
        head, *events, end = await passed_on(forwarding, method)
        assert head["status"] == 200
        assert b"".join(event["body"] for event in events) == b"data: 1"
        assert end == {"type": "http.response.body", "body": b""}


async def test_a_process_without_a_socket_is_gone() -> None:
    async with ending(b"") as forwarding:
        forwarding.path_of(WORKER).unlink()
        with pytest.raises(Gone):
            await passed_on(forwarding, "POST")
