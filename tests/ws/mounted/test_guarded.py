"""`/ws` behind the HTTP application's own guards."""

from __future__ import annotations

import base64
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import pytest
from http_core import configured, running
from ws_kitchen import WAIT, Kitchen
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.errors import ExchangeRefused, RateLimited, RemoteError
from zcp_transport_http.config import BearerAuthConfig, HTTPConfig, RateLimitConfig
from zcp_transport_ws.client.keeping import client_channel
from zcp_transport_ws.client.opening import refused
from zcp_transport_ws.config import WebSocketConfig
from zcp_transport_ws.sockets import Socket
from zcp_transport_ws.sockets.memory import memory_socket

pytestmark = pytest.mark.anyio

URL = "ws://127.0.0.1:8000/ws"


@asynccontextmanager
async def open_socket(
    application: Any, url: str, own: dict[str, str], headers: Any, subprotocols: Any
) -> AsyncGenerator[Socket]:
    fields = {**own, **headers}
    async with memory_socket(application, url, fields, subprotocols, 1_000_000) as socket:
        if socket.refusal is not None:
            raise refused(url, *socket.refusal)
        yield socket


@asynccontextmanager
async def client_of(
    site: Any,
    headers: dict[str, str] | None = None,
    *,
    url: str = URL,
    offered: tuple[str, ...] = ("mcp",),
    revision: str = "2025-11-25",
) -> AsyncGenerator[ZCPClientSession]:
    opener = partial(open_socket, site.application, url, headers or {})
    client = session_over(
        lambda: client_channel(opener, offered),
        dialects=list(site.application.kernel.dialects.values()),
        revision=revision,
    )
    with anyio.fail_after(WAIT):
        async with client:
            yield client


AUTH = BearerAuthConfig(token="s3cret", scopes=("secret.read",))
BEARER = {"authorization": "Bearer s3cret"}


async def test_the_static_bearer_names_the_caller() -> None:
    async with running(configured(Kitchen().app, {"auth": AUTH})) as site:
        for headers in ({}, {"authorization": "Bearer wrong"}):
            with pytest.raises(ExchangeRefused) as no:
                async with client_of(site, headers):
                    pass
            assert no.value.status == 401
        async with client_of(site, BEARER) as client:
            assert (await client.call_tool("secret", {}))["content"][0]["text"] == "rain"


async def test_tokens_of_browsers_only_where_switched_on() -> None:
    token = base64.urlsafe_b64encode(b"s3cret").decode().rstrip("=")
    carriers: list[dict[str, Any]] = [
        {"offered": ("mcp", f"zcp.bearer.{token}")}, {"url": f"{URL}?token=s3cret"},
    ]  # fmt: skip
    for carrier in carriers:
        async with running(configured(Kitchen().app, {"auth": AUTH})) as site:
            with pytest.raises(ExchangeRefused):
                async with client_of(site, **carrier):
                    pass
        allowed = WebSocketConfig(token_in_subprotocol=True, token_in_query="token")
        sections = {"auth": AUTH, "websocket": allowed}
        async with running(configured(Kitchen().app, sections)) as site:
            async with client_of(site, **carrier) as client:
                await client.call_tool("secret", {})
            with pytest.raises(ExchangeRefused, match="base64url") as no:
                async with client_of(site, offered=("mcp", "zcp.bearer.%")):
                    pass
            assert no.value.status == 400


async def test_hosts_and_origins() -> None:
    async with running(configured(Kitchen().app)) as site:
        for headers, status in (
            ({"host": "evil.example"}, 421),
            ({"origin": "https://evil.example"}, 403),
        ):
            with pytest.raises(ExchangeRefused) as no:
                async with client_of(site, headers):
                    pass
            assert no.value.status == status


async def test_messages_count_for_the_rate_limit() -> None:
    kitchen = Kitchen()
    limit = RateLimitConfig(max_requests=8, window_seconds=3600)
    async with running(configured(kitchen.app, {"rate_limit": limit})) as site:
        async with client_of(site) as client:
            # The upgrade, initialize and initialized came before.
            for number in range(5):
                await client.call_tool("add", {"a": number, "b": 1})
            with pytest.raises(RemoteError, match="too many requests") as too_many:
                await client.call_tool("add", {"a": 6, "b": 1})
            assert too_many.value.data["retryAfter"] > 0
        with pytest.raises(RateLimited):
            async with client_of(site):
                pass
    assert len(kitchen.done) == 5


async def test_switched_off_there_is_no_websocket() -> None:
    sections = {"websocket": WebSocketConfig(enabled=False)}
    async with running(configured(Kitchen().app, sections)) as site:
        with pytest.raises(ExchangeRefused) as no:
            async with client_of(site):
                pass
        assert no.value.status == 404
        told = (await site.client("/metadata").request("GET")).message
        assert "ws" not in told["surfaces"]


async def test_the_path_is_a_matter_of_configuration_and_told() -> None:
    sections = {
        "websocket": WebSocketConfig(path="/socket"),
        "http": HTTPConfig(public_url="https://zcp.example"),
    }
    async with running(configured(Kitchen().app, sections)) as site:
        url = "ws://zcp.example/socket"
        async with client_of(site, url=url) as client:
            assert await client.ping() == {"ok": True}
        told = (await site.client("/metadata").request("GET")).message
        assert told["surfaces"]["ws"] == {"path": "/socket"}


async def test_draining_closes_sockets_once_their_calls_are_answered() -> None:
    kitchen = Kitchen()
    async with running(configured(kitchen.app)) as site:
        async with client_of(site) as client, anyio.create_task_group() as tasks:
            answers: list[Any] = []
            begun = anyio.Event()

            async def busy() -> None:
                steps = {"steps": 300}
                answer = await client.call_tool("count", steps, progress=lambda _: begun.set())
                answers.append(answer)

            tasks.start_soon(busy)
            await begun.wait()
            site.application.drain()
        assert len(answers) == 1
        with pytest.raises(ExchangeRefused) as no:
            async with client_of(site):
                pass
        assert no.value.status == 503
