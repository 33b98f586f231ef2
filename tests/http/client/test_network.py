"""Connections: redirects, proxies, certificates, keep-alive, and what may be in a request."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import httpx2
import pytest
from certificates import certificate
from exchanges import ANSWER, Script, answer, call, text
from wires import Conversation, RawRequest, raw_server
from zcp_kernel.errors import ConfigError, ConnectionLost
from zcp_transport_http import NetworkOptions, streamable_http_client
from zcp_transport_http.client import network
from zcp_transport_http.client.network import is_loopback
from zcp_transport_http.client.transport import StreamableHTTPTransport

pytestmark = pytest.mark.anyio


def redirect(number: int, target: str) -> Any:
    async def reply(conversation: Conversation, request: RawRequest) -> Any:
        if request.path == "/mcp":
            return await conversation.respond(number, b"", {"location": target})
        return await conversation.respond(200, text(ANSWER))

    return reply


@pytest.mark.parametrize("number", [301, 302, 307, 308])
async def test_a_redirect_on_the_same_origin_is_followed_with_method_and_body(number: int) -> None:
    async with (
        raw_server(redirect(number, "/mcp/")) as server,
        StreamableHTTPTransport().connect(server.url(), auth="secret") as channel,
    ):
        assert (await call(channel)).delivered == [ANSWER]
        first, second = server.requests
        assert (second.method, second.path, second.body) == ("POST", "/mcp/", first.body)
        assert second.headers["authorization"] == "Bearer secret"


async def test_nothing_follows_to_another_origin() -> None:
    async with raw_server(answering) as other:
        targets = (other.url("/elsewhere"), f"//localhost:{other.port}/x", "https://127.0.0.1/mcp")
        for target in targets:
            async with (
                raw_server(redirect(307, target)) as server,
                StreamableHTTPTransport().connect(server.url(), auth="secret") as channel,
            ):
                outcome = await call(channel)
            assert isinstance(outcome.error, ConnectionLost)
            assert "another origin" in outcome.error.message
        assert other.requests == []


async def answering(conversation: Conversation, request: RawRequest) -> None:
    await conversation.respond(200, text(ANSWER))


async def test_redirects_in_a_circle_end() -> None:
    async def round_and_round(conversation: Conversation, request: RawRequest) -> None:
        await conversation.respond(307, b"", {"location": request.path})

    async with (
        raw_server(round_and_round) as server,
        StreamableHTTPTransport().connect(server.url()) as channel,
    ):
        outcome = await call(channel)
        assert isinstance(outcome.error, ConnectionLost)
        assert len(server.requests) < 10


async def test_proxies_of_the_environment_are_not_for_this_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with raw_server(answering) as proxy, raw_server(answering) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        async with StreamableHTTPTransport().connect(server.url()) as channel:
            assert (await call(channel)).delivered == [ANSWER]
        assert proxy.requests == []
        async with StreamableHTTPTransport().connect("http://mcp.example/mcp") as channel:
            assert (await call(channel)).delivered == [ANSWER]
        monkeypatch.setenv("no_proxy", "mcp.example")
        assert network._environment_proxy("http://mcp.example/mcp") is None
    assert [each.path for each in proxy.requests] == ["http://mcp.example/mcp"]


async def test_a_proxy_may_be_named() -> None:
    async with raw_server(answering) as proxy:
        options = NetworkOptions(proxy=f"http://127.0.0.1:{proxy.port}")
        transport = StreamableHTTPTransport()
        async with transport.connect("http://mcp.example/mcp", network=options) as channel:
            assert (await call(channel)).delivered == [ANSWER]


async def test_a_certificate_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    trusting = ssl.create_default_context(cafile=cert)
    async with raw_server(Script(answer(), answer(), answer()), tls=context) as server:
        url = server.url().replace("http:", "https:")
        async with StreamableHTTPTransport().connect(url) as channel:
            outcome = await call(channel)
        assert isinstance(outcome.error, ConnectionLost)
        assert "certificate" in outcome.error.message.lower()
        for verify in (trusting, cert, False):
            options = NetworkOptions(verify=verify)
            async with StreamableHTTPTransport().connect(url, network=options) as channel:
                assert (await call(channel)).delivered == [ANSWER]


async def test_certificates_are_not_read_where_none_is_needed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[Any] = []
    create = httpx2.create_ssl_context

    def reading(*args: Any, **options: Any) -> Any:
        read.append(args)
        return create(*args, **options)

    monkeypatch.setattr(httpx2, "create_ssl_context", reading)
    async with (
        raw_server(answering) as server,
        StreamableHTTPTransport().connect(server.url()) as channel,
    ):
        assert (await call(channel)).delivered == [ANSWER]
        assert not read
        secure = server.url().replace("http:", "https:")
    async with StreamableHTTPTransport().connect(secure) as channel:
        assert isinstance((await call(channel)).error, ConnectionLost)
    assert len(read) == 1


async def test_cookies_come_back() -> None:
    async def sticky(conversation: Conversation, request: RawRequest) -> None:
        await conversation.respond(200, text(ANSWER), {"set-cookie": "node=a; Path=/"})

    async with (
        raw_server(sticky) as server,
        StreamableHTTPTransport().connect(server.url()) as channel,
    ):
        await call(channel)
        await call(channel)
        assert [each.headers.get("cookie") for each in server.requests] == [None, "node=a"]


async def test_sockets_are_probed() -> None:
    options = {(level, name): value for level, name, value in network._socket_options()}
    assert options[(socket.SOL_SOCKET, socket.SO_KEEPALIVE)] == 1
    with socket.socket() as probe:
        for (level, name), value in options.items():
            probe.setsockopt(level, name, value)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:1/", True),
        ("http://a.localhost/", True),
        ("http://127.9.9.9/", True),
        ("http://[::1]:8000/mcp", True),
        ("http://10.0.0.1/", False),
        ("http://localhost.example/", False),
        ("http://127.0.0.1.example/", False),
    ],
)
def test_loopback(url: str, local: bool) -> None:
    assert is_loopback(url) is local


@pytest.mark.parametrize(
    "url", ["http://", "http:///mcp", "ftp://host/x", "http://host:99999/", "http://u:p@host/", "x"]
)
def test_what_is_no_url_of_a_server(url: str) -> None:
    with pytest.raises(ConfigError) as refused:
        streamable_http_client(url)
    assert ":p@" not in str(refused.value)


@pytest.mark.parametrize(
    "headers", [{"x y": "1"}, {"": "1"}, {"x": "a\r\nhost: evil"}, {"x": "a\nb"}, {"x": "ünï→"}]
)
def test_header_fields_that_cannot_be_sent(headers: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="header field"):
        streamable_http_client("http://127.0.0.1:1/mcp", headers=headers)


def test_an_option_nobody_knows() -> None:
    with pytest.raises(TypeError, match="colour"):
        streamable_http_client("http://127.0.0.1:1/mcp", colour="red")
