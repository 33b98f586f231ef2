"""Results kept as their server allows (MCP 2026-07-28, server/utilities/caching)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
from zcp_kernel._core.client.caching import cache as caching
from zcp_kernel._core.client.caching.cache import ResponseCache
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.errors import RemoteError
from zcp_kernel.model import (
    PromptListChanged,
    ResourceListChanged,
    ResourceUpdated,
    ToolListChanged,
)

from .conftest import RefusalError
from .eras import Exchanges, described, mcp, modern

pytestmark = pytest.mark.anyio

Connect = Callable[..., Awaitable[ZCPClientSession]]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def kept(ttl: Any = 1000, **members: Any) -> dict[str, Any]:
    return {"ttlMs": ttl, "cacheScope": "private", "resultType": "complete", **members}


# -- the cache itself ------------------------------------------------------------------------------


def test_fresh_until_its_time_is_up() -> None:
    clock = Clock()
    cache = ResponseCache(clock)
    cache.keep("tools/list", {}, kept(1500, tools=[]), 0)
    clock.now += 1.4
    assert cache.find("tools/list", {"_meta": {"progressToken": 3}}) == kept(1500, tools=[])
    clock.now += 0.2
    assert cache.find("tools/list", {}) is None
    assert cache.find("tools/list", {}) is None


@pytest.mark.parametrize("ttl", [0, -1, None, "5", 1.5, True])
def test_what_may_not_be_kept(ttl: Any) -> None:
    cache = ResponseCache(Clock())
    cache.keep("tools/list", {}, kept(ttl), 0)
    assert cache.find("tools/list", {}) is None


def test_calls_are_never_kept() -> None:
    cache = ResponseCache(Clock())
    cache.keep("tools/call", {"name": "x"}, kept(), 0)
    assert cache.find("tools/call", {"name": "x"}) is None


def test_the_key_is_what_the_result_depends_on() -> None:
    cache = ResponseCache(Clock())
    cache.keep("resources/read", {"uri": "x://a"}, kept(contents=["a"]), 0)
    cache.keep("resources/read", {"uri": "x://b"}, kept(contents=["b"]), 0)
    cache.keep("tools/list", {"cursor": ""}, kept(tools=["page"]), 0)
    assert cache.find("resources/read", {"uri": "x://a"})["contents"] == ["a"]
    assert cache.find("resources/read", {"uri": "x://b"})["contents"] == ["b"]
    assert cache.find("tools/list", {}) is None
    assert cache.find("tools/list", {"cursor": ""})["tools"] == ["page"]


def test_a_newer_result_that_may_not_be_kept_ends_the_older() -> None:
    cache = ResponseCache(Clock())
    cache.keep("tools/list", {}, kept(tools=[1]), 0)
    cache.keep("tools/list", {}, kept(0, tools=[2]), 0)
    assert cache.find("tools/list", {}) is None


def test_callers_get_values_of_their_own() -> None:
    cache = ResponseCache(Clock())
    cache.keep("tools/list", {}, kept(tools=[{"a": 1}]), 0)
    cache.find("tools/list", {})["tools"][0]["a"] = 2
    assert cache.find("tools/list", {})["tools"] == [{"a": 1}]


def test_notices_drop_what_they_are_about() -> None:
    cache = ResponseCache(Clock())
    operations = ["tools/list", "prompts/list", "resources/list", "resources/templates/list"]

    def fill() -> None:
        for operation in operations:
            cache.keep(operation, {}, kept(), cache.changes)
        for uri in ("x://a", "x://a/b", "x://ab"):
            cache.keep("resources/read", {"uri": uri}, kept(), cache.changes)

    def left() -> list[str]:
        read = [
            u for u in ("x://a", "x://a/b", "x://ab") if cache.find("resources/read", {"uri": u})
        ]
        return [op for op in operations if cache.find(op, {})] + read

    everything = [*operations, "x://a", "x://a/b", "x://ab"]
    for notice, gone in [
        (ToolListChanged(), {"tools/list"}),
        (PromptListChanged(), {"prompts/list"}),
        (ResourceListChanged(), {"resources/list", "resources/templates/list"}),
        (ResourceUpdated("x://a"), {"x://a", "x://a/b"}),
    ]:
        fill()
        assert left() == everything
        cache.heard(notice)
        assert left() == [each for each in everything if each not in gone]


def test_what_was_asked_before_a_change_is_not_kept_after_it() -> None:
    cache = ResponseCache(Clock())
    before = cache.changes
    cache.heard(ToolListChanged())
    cache.keep("tools/list", {}, kept(), before)
    assert cache.find("tools/list", {}) is None


def test_it_does_not_grow_without_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    cache = ResponseCache(Clock())
    for number in range(caching.MOST_ENTRIES + 50):
        cache.keep("resources/read", {"uri": f"x://{number}"}, kept(), 0)
    assert cache.find("resources/read", {"uri": "x://49"}) is None
    assert cache.find("resources/read", {"uri": "x://50"}) is not None
    monkeypatch.setattr(caching, "MOST_BYTES", 500)
    cache.keep("resources/read", {"uri": "big"}, kept(text="x" * 300), 0)
    assert cache.find("resources/read", {"uri": "big"}) is not None
    cache.keep("resources/read", {"uri": "huge"}, kept(text="x" * 900), 0)
    assert cache.find("resources/read", {"uri": "huge"}) is None
    cache.clear()
    assert cache._bytes == 0


# -- in a session ----------------------------------------------------------------------------------


@pytest.fixture
async def connect(anyio_backend: str) -> AsyncIterator[Connect]:
    made: list[ZCPClientSession] = []

    async def one(server: Any, **options: Any) -> ZCPClientSession:
        client = session_over(server.connect, **{"dialects": mcp(), **options})
        made.append(client)
        await client.initialize()
        return client

    yield one
    for client in made:
        await client.close()


def listing(*names: str, **more: Any) -> dict[str, Any]:
    tools = [{"name": name, "inputSchema": {"type": "object"}} for name in names]
    return kept(60_000, tools=tools, **more)


async def test_what_is_fresh_is_not_asked_for_again(connect: Connect) -> None:
    server = Exchanges(**{"server/discover": described(), "tools/list": listing("a")})
    client = await connect(server)
    first = await client.list_tools()
    first["tools"].clear()
    assert [tool["name"] for tool in (await client.list_tools())["tools"]] == ["a"]
    assert len(server.asked("tools/list")) == 1
    client.clear_cache()
    await client.list_tools()
    assert len(server.asked("tools/list")) == 2


async def test_a_session_may_do_without(connect: Connect) -> None:
    server = Exchanges(**{"server/discover": described(), "tools/list": listing("a")})
    client = await connect(server, cache=False)
    await client.list_tools()
    await client.list_tools()
    client.clear_cache()
    assert len(server.asked("tools/list")) == 2


async def test_pages_are_kept_each_by_itself(connect: Connect) -> None:
    pages = {None: listing("a", nextCursor="2"), "2": listing("b")}
    server = modern(**{"tools/list": lambda params: pages[params.get("cursor")]})
    client = await connect(server)
    for _ in range(2):
        assert [t["name"] for t in (await client.list_tools())["tools"]] == ["a", "b"]
    assert [t["name"] for t in (await client.list_tools(cursor="2"))["tools"]] == ["b"]
    assert len(server.asked("tools/list")) == 2


async def test_a_cursor_that_fails_drops_the_listing(connect: Connect) -> None:
    server = modern()

    def page(params: Any) -> Any:
        if params.get("cursor"):
            raise RefusalError(-32602, "stale cursor")
        return listing("a", nextCursor="2")

    server.answers["tools/list"] = page
    client = await connect(server)
    for _ in range(2):
        with pytest.raises(RemoteError, match="stale cursor"):
            await client.list_tools()
    assert [p.get("cursor") for p in server.asked("tools/list")] == [None, "2", None, "2"]


async def test_a_change_told_while_asking_counts(connect: Connect) -> None:
    server = modern()

    async def answer(params: Any) -> Any:
        await server.say({"method": "notifications/tools/list_changed"})
        return listing("a")

    server.answers["tools/list"] = answer
    client = await connect(server)
    await client.list_tools()
    server.answers["tools/list"] = listing("b")
    await anyio.wait_all_tasks_blocked()
    assert [t["name"] for t in (await client.list_tools())["tools"]] == ["b"]


async def test_answers_given_with_input_are_not_kept(connect: Connect) -> None:
    question = {"method": "roots/list", "params": {}}
    server = modern()

    def read(params: Any) -> Any:
        if "inputResponses" in params:
            return kept(60_000, contents=[])
        return {"resultType": "input_required", "inputRequests": {"r": question}}

    server.answers["resources/read"] = read
    client = await connect(server, roots_provider=list)
    await client.read_resource("x://a")
    await client.read_resource("x://a")
    assert len(server.asked("resources/read")) == 4


async def test_a_new_connection_starts_empty(connect: Connect) -> None:
    server = modern(**{"tools/list": listing("a")})
    client = await connect(server)
    await client.list_tools()
    await server.hang_up()
    await anyio.wait_all_tasks_blocked()
    await client.ping()
    await client.list_tools()
    assert len(server.asked("tools/list")) == 2
