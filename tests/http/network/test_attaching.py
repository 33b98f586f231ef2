"""Joining a session that was opened elsewhere."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from wires import listening
from zcp_transport_http import streamable_http_client

from .counting import counting, said, until

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("revision", ["2025-06-18", "2025-11-25", "zcp/1"])
async def test_a_session_is_shared_and_left_as_it_was(revision: str) -> None:
    app, ran = counting()
    path = "/zcp" if revision == "zcp/1" else "/mcp"
    async with listening(app) as site:
        audience = site.application.kernel.audience
        async with streamable_http_client(site.url(path), revision=revision) as one:
            assert one.session_id is not None
            async with streamable_http_client(
                site.url(path), revision=revision, session_id=one.session_id
            ) as other:
                assert other.session_id == one.session_id
                assert len(audience) == 1
                assert said(await other.call_tool("plain", {"name": "a"})) == "done a"
            assert len(audience) == 1
            assert said(await one.call_tool("plain", {"name": "b"})) == "done b"
        assert dict(ran) == {"a": 1, "b": 1}
        await until(lambda: not audience)


async def test_what_the_server_says_reaches_whoever_joined() -> None:
    app, _ = counting()
    heard: list[Any] = []
    arrived = anyio.Event()

    def note(method: str, params: Any) -> None:
        heard.append(method)
        arrived.set()

    app.resource("mem://news", name="news")(lambda: "nothing new")
    hooks = {"revision": "2025-11-25", "notification_handler": note}
    async with (
        listening(app) as site,
        streamable_http_client(site.url(), revision="2025-11-25") as one,
    ):
        await one.subscribe_resource("mem://news")
        async with streamable_http_client(site.url(), session_id=one.session_id, **hooks):
            # The newest stream of a session is the one the server speaks on.
            with anyio.fail_after(10):
                while not arrived.is_set():
                    app.notify_resource_updated("mem://news")
                    await anyio.sleep(0.02)
    assert "notifications/resources/updated" in heard


async def test_a_session_that_is_gone_is_replaced() -> None:
    app, _ = counting()
    async with listening(app) as site:
        options: dict[str, Any] = {"revision": "2025-11-25", "session_id": "0" * 32}
        async with streamable_http_client(site.url(), **options) as client:
            assert said(await client.call_tool("plain", {"name": "a"})) == "done a"
            assert client.session_id not in (None, "0" * 32)
