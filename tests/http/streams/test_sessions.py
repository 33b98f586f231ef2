"""Sessions: whose they are, how long they live, how many there may be, what they leave behind."""

from __future__ import annotations

import gc
import tracemalloc
from typing import Any

import anyio
import pytest
from asgi import Service, served
from zcp_transport_http.config import StreamableHTTPConfig

from .kitchen import Kitchen, until

pytestmark = pytest.mark.anyio
SSE = {"accept": "text/event-stream"}


class Hands:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_ids_are_unguessable_and_printable() -> None:
    async with served(Kitchen().app) as service:
        ids = {(await service.session()).headers["mcp-session-id"] for _ in range(50)}
        assert len(ids) == 50
        assert all(len(each) >= 20 for each in ids)
        assert all(0x21 <= ord(letter) <= 0x7E for each in ids for letter in each)


async def test_somebody_elses_session_is_as_good_as_none() -> None:
    async with served(Kitchen().app) as service:
        ann = await service.session(x_user="ann")
        bob = service.client(x_user="bob")
        session = ann.headers["mcp-session-id"]
        for presented in (session, "invented"):
            fields = {"mcp-session-id": presented}
            answers = [
                await bob.post(bob.call("ping"), fields),
                await bob.request("GET", headers={**fields, **SSE}),
                await bob.request("GET", headers={**fields, **SSE, "last-event-id": "1-0"}),
                await bob.request("DELETE", headers=fields),
            ]
            assert [answer.status for answer in answers] == [404] * 4
            assert len({answer.body for answer in answers}) == 1
            assert session not in answers[0].body.decode()
        assert (await ann.post(ann.call("ping"))).status == 200


async def test_a_session_is_good_on_its_own_plane_alone() -> None:
    async with served(Kitchen().app) as service:
        native = await service.session("zcp/1")
        mcp = await service.session()
        ping = mcp.call("ping")
        assert (await native.post(ping, path="/mcp")).status == 404
        assert (await mcp.post(ping, path="/zcp")).status == 404


async def test_more_scopes_are_taken_up_and_fewer_are_not_let_in() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session(x_user="ann", x_scopes="read")
        ping = client.call("ping")
        assert (await client.post(ping, {"x-scopes": "read write"})).status == 200
        assert (await client.post(ping, {"x-scopes": "read write"})).status == 200
        assert (await client.post(ping, {"x-scopes": "read"})).status == 404


async def test_what_a_call_without_a_session_leaves_is_its_callers() -> None:
    async with served(Kitchen().app) as service:
        ann, bob = (service.client("/zcp", x_user=name) for name in ("ann", "bob"))
        made = await ann.post(ann.tool("harvest"))
        handle = made.message["result"]["handle"]["id"]
        read = ann.call("handles/read", {"handle": handle, "limit": 3})
        assert (await ann.post(read)).message["result"]["value"] == [0, 1, 2]
        assert "error" in (await bob.post(read)).message
        session = await service.session("zcp/1", x_user="ann")
        assert "error" in (await session.post(read)).message


async def test_delete_frees_at_once() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        await client.post(client.tool("talk", {"name": "ann", "n": 5}))
        answer = await client.request("DELETE")
        assert (answer.status, answer.body) == (204, b"")
        assert service.sessions.stats()["open"] == 0
        await until(lambda: service.sessions.stats()["replay_bytes"] == 0)
        assert not service.kernel.audience
        assert (await client.post(client.call("ping"))).status == 404


async def test_delete_cancels_what_runs_and_ends_the_streams() -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = await service.session()
        params = {"name": "wait", "arguments": {"name": "streamed"}}
        call = client.call("tools/call", params, progressToken=1)
        plain: list[Any] = []

        async def post() -> None:
            plain.append(await client.post(client.tool("wait", {"name": "plain"})))

        async with anyio.create_task_group() as group:
            group.start_soon(post)
            async with client.open("POST", call) as stream, client.open("GET") as push:
                await stream.message()
                await push.event()
                await until(lambda: len(kitchen.begun) == 2)
                assert (await client.request("DELETE")).status == 204
                assert await stream.rest() == []
                assert await push.rest() == []
        assert sorted(kitchen.cancelled) == ["plain", "streamed"]
        assert [answer.status for answer in plain] == [404]
        await until(lambda: service.sessions.stats()["replay_bytes"] == 0)


async def test_an_unused_session_ends() -> None:
    hands = Hands()
    settings = StreamableHTTPConfig(session_ttl_seconds=100)
    async with served(Kitchen().app, settings, clock=hands) as service:
        old = await service.session()
        hands.now += 60
        young = await service.session()
        hands.now += 50
        service.sessions.sweep()
        assert (await old.post(old.call("ping"))).status == 404
        assert (await young.post(young.call("ping"))).status == 200
        hands.now += 99
        service.sessions.sweep()
        assert (await young.post(young.call("ping"))).status == 200
        assert service.sessions.stats()["expired"] == 1


async def test_the_sweep_comes_by_itself() -> None:
    settings = StreamableHTTPConfig(session_ttl_seconds=0.02)
    async with served(Kitchen().app, settings) as service:
        for _ in range(2):
            await service.client().initialize(announce=False)
            await until(lambda: service.sessions.stats()["open"] == 0)
        assert service.sessions.stats()["expired"] == 2


async def test_a_session_at_work_is_no_unused_one() -> None:
    hands, kitchen = Hands(), Kitchen()
    settings = StreamableHTTPConfig(session_ttl_seconds=100)
    async with served(kitchen.app, settings, clock=hands) as service:
        working, listening = await service.session(), await service.session()
        answers: list[Any] = []

        async def post() -> None:
            answers.append(await working.post(working.tool("wait", {"name": "stock"})))

        async with anyio.create_task_group() as group:
            group.start_soon(post)
            async with listening.open("GET") as stream:
                await stream.event()
                await until(lambda: kitchen.begun)
                hands.now += 1000
                service.sessions.sweep()
                assert service.sessions.stats()["open"] == 2
                kitchen.go.set()
        assert answers[0].status == 200


async def full(service: Service) -> Any:
    return await service.client().initialize(announce=False)


async def test_the_longest_unused_session_makes_room() -> None:
    hands = Hands()
    settings = StreamableHTTPConfig(max_sessions=2)
    async with served(Kitchen().app, settings, clock=hands) as service:
        first = await service.session()
        second = await service.session()
        hands.now += 61
        await first.post(first.call("ping"))
        assert (await full(service)).status == 200
        assert (await first.post(first.call("ping"))).status == 200
        assert (await second.post(second.call("ping"))).status == 404
        assert service.sessions.stats()["evicted"] == 1


async def test_sessions_in_use_do_not_make_room() -> None:
    hands = Hands()
    settings = StreamableHTTPConfig(max_sessions=2)
    async with served(Kitchen().app, settings, clock=hands) as service:
        client = await service.session()
        await service.session()
        hands.now += 30
        refused = await full(service)
        assert (refused.status, refused.headers["retry-after"]) == (503, "30")
        assert "mcp-session-id" not in refused.headers
        async with client.open("GET") as stream:
            await stream.event()
            hands.now += 31
            assert (await full(service)).status == 200
            hands.now += 61
            assert (await client.post(client.call("ping"))).status == 200
        stats = service.sessions.stats()
        assert (stats["open"], stats["refused"], stats["evicted"]) == (2, 1, 1)


async def test_a_session_that_did_not_open_is_not_kept() -> None:
    async with served(Kitchen().app) as service:
        client = service.client()
        answer = await client.post(client.call("initialize", {"protocolVersion": 7}))
        assert "error" in answer.message
        assert "mcp-session-id" not in answer.headers
        assert service.sessions.stats()["open"] == 0


async def test_all_sessions_together_stay_within_their_bytes() -> None:
    settings = StreamableHTTPConfig(replay_bytes=4000, max_session_bytes=10_000)
    async with served(Kitchen().app, settings) as service:
        for _ in range(20):
            client = await service.session()
            await client.post(client.tool("talk", {"name": "x" * 200, "n": 30}))
            assert service.sessions.stats()["replay_bytes"] <= 10_000


async def _open(service: Service, count: int) -> list[str]:
    ids: list[str] = []
    for _ in range(count):
        ids.append((await service.session()).headers["mcp-session-id"])
    return ids


def _allocated() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_an_idle_session_costs_little_and_leaves_nothing() -> None:
    async with served(Kitchen().app) as service:
        warm = await _open(service, 20)
        tracemalloc.start()
        try:
            before = _allocated()
            ids = await _open(service, 500)
            client = service.client()
            assert (_allocated() - before) / 500 < 8 * 1024
            for each in ids:
                await client.request("DELETE", headers={"mcp-session-id": each})
            assert _allocated() - before < 200 * 1024
        finally:
            tracemalloc.stop()
        assert service.sessions.stats()["open"] == len(warm)
