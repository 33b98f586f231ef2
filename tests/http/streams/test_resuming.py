"""Losing a stream and resuming it: MCP basic/transports, "Resumability and Redelivery"."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import anyio
import pytest
from asgi import Client, Service, served
from zcp_kernel.model import ToolListChanged
from zcp_transport_http.config import StreamableHTTPConfig
from zcp_transport_http.sessions.session import MAX_PUSH_STREAMS

from .kitchen import Kitchen, until

pytestmark = pytest.mark.anyio
SSE = {"accept": "text/event-stream"}


async def after(client: Client, event_id: str | None) -> Any:
    assert event_id is not None
    return await client.request("GET", headers={**SSE, "last-event-id": event_id})


async def talk(client: Client, name: str, n: int) -> Any:
    return await client.post(client.tool("talk", {"name": name, "n": n}))


async def test_after_every_event_number_of_every_stream() -> None:
    async with served(Kitchen().app) as service:
        for version in ("2025-06-18", "2025-11-25", "zcp/1"):
            client = await service.session(version)
            streams = [(await talk(client, name, 5)).events for name in ("ann", "bob")]
            for events in streams:
                for position, event in enumerate(events):
                    again = await after(client, event.id)
                    wanted = [(each.id, each.data) for each in events[position + 1 :]]
                    found = [(each.id, each.data) for each in again.events]
                    assert (again.status, found) == (200, wanted)


async def test_a_gap_is_an_error_and_never_silent() -> None:
    settings = StreamableHTTPConfig(replay_events=3)
    async with served(Kitchen().app, settings) as service:
        for version, status in (("2025-11-25", 400), ("zcp/1", 409)):
            client = await service.session(version)
            events = [event for event in (await talk(client, "ann", 8)).events if event.data]
            for event in events[:4]:
                refused = await after(client, event.id)
                assert refused.status == status
                assert event.id in refused.message["error"]["message"]
            assert [e.data for e in (await after(client, events[4].id)).events] == [
                event.data for event in events[5:]
            ]


@pytest.mark.parametrize("event_id", ["1-99", "99-1", "0-0", "-1-2", "x", "1", "1-2-3", "٣-١"])
async def test_an_id_nobody_was_given_is_refused(event_id: str) -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        await talk(client, "ann", 2)
        try:
            event_id.encode("latin-1")
        except UnicodeEncodeError:
            event_id = event_id.encode().decode("latin-1")
        assert (await after(client, event_id)).status == 400


async def test_ids_of_another_session_bring_nothing() -> None:
    async with served(Kitchen().app) as service:
        one, other = await service.session(), await service.session()
        event = (await talk(one, "secret", 3)).events[1]
        assert (await after(other, event.id)).status == 400


async def test_a_lost_call_goes_on_and_its_result_is_fetched() -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = await service.session()
        params = {"name": "wait", "arguments": {"name": "roast"}}
        call = client.call("tools/call", params, progressToken=1)
        async with client.open("POST", call) as stream:
            while not (event := await stream.event()).data:
                pass
        kitchen.go.set()
        await until(lambda: kitchen.ended)
        again = await after(client, event.id)
        assert [m.get("method", "result") for m in again.messages] == [
            "notifications/progress",
            "result",
        ]
        assert kitchen.cancelled == []


async def test_a_resumed_stream_goes_on_live() -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = await service.session()
        params = {"name": "wait", "arguments": {"name": "pie"}}
        call = client.call("tools/call", params, progressToken=1)
        async with client.open("POST", call) as stream:
            primed = await stream.event()
        async with client.open("GET", headers={"last-event-id": primed.id}) as stream:
            assert (await stream.message())["params"]["progress"] == 1
            kitchen.go.set()
            assert (await stream.message())["params"]["progress"] == 2
            assert "result" in await stream.message()
            with pytest.raises(anyio.EndOfStream):
                await stream.event()


async def test_resuming_takes_the_stream_from_whoever_held_it() -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = await service.session()
        params = {"name": "wait", "arguments": {"name": "jam"}}
        call = client.call("tools/call", params, progressToken=1)
        async with client.open("POST", call) as old:
            primed = await old.event()
            await old.message()
            async with client.open("GET", headers={"last-event-id": primed.id}) as new:
                assert (await new.message())["params"]["progress"] == 1
                assert await old.rest() == []
                kitchen.go.set()
                assert "result" in (await new.rest())[-1].data.decode()


async def test_the_server_lets_go_and_the_result_is_fetched_later() -> None:
    """SEP-1699: the POST's stream ends early, after an event with an id."""
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = await service.session("2025-11-25")
        early = await client.post(client.tool("leave"))
        assert early.is_stream
        (event,) = early.events
        assert (event.data, event.retry) == (b"", 1000)
        kitchen.go.set()
        async with client.open("GET", headers={"last-event-id": event.id}) as stream:
            result = await stream.message()
        assert result["result"]["content"][0]["text"] == "true"


async def test_letting_go_is_for_clients_that_know_how_to_come_back() -> None:
    kitchen = Kitchen()
    kitchen.go.set()
    async with served(kitchen.app) as service:
        for client in (await service.session("2025-06-18"), service.client("/zcp")):
            answer = await client.post(client.tool("leave"))
            assert "false" in answer.body.decode()
            assert not answer.is_stream


def changed(service: Service) -> None:
    service.kernel.broadcast(ToolListChanged())


async def test_what_the_server_says_by_itself_goes_to_the_get_stream() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        async with client.open("GET") as stream:
            await stream.event()
            changed(service)
            message = await stream.message()
            assert message["method"] == "notifications/tools/list_changed"


async def test_each_message_goes_to_exactly_one_of_several_get_streams() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        heard: list[str] = []

        async def listen(name: str, opened: anyio.Event) -> None:
            async with client.open("GET") as stream:
                await stream.event()
                opened.set()
                while True:
                    await stream.message()
                    heard.append(name)

        async with anyio.create_task_group() as group:
            for name in ("one", "two"):
                opened = anyio.Event()
                group.start_soon(listen, name, opened)
                await opened.wait()
            for number in range(1, 6):
                changed(service)
                await until(lambda number=number: len(heard) >= number)
            await anyio.sleep(0.02)
            assert len(heard) == 5
            group.cancel_scope.cancel()


async def test_a_message_nobody_heard_waits_for_the_next_get_stream() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        changed(service)
        async with client.open("GET") as stream:
            event = await stream.event()
            first = await stream.message()
            assert first["method"] == "notifications/tools/list_changed"
        await until(lambda: not service.sessions.stats()["streams"])
        changed(service)
        async with client.open("GET") as stream:
            await stream.message()
        assert event.id is not None
        again = client.open("GET", headers={"last-event-id": event.id})
        async with again as stream:
            assert [(await stream.message())["method"] for _ in range(2)] == [first["method"]] * 2


async def test_a_get_stream_is_resumed_and_goes_on() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session("2025-06-18")
        async with client.open("GET") as stream:
            changed(service)
            event = await stream.event()
        await until(lambda: not service.sessions.stats()["streams"])
        changed(service)
        async with client.open("GET", headers={"last-event-id": event.id}) as stream:
            missed = await stream.event()
            assert (missed.id != event.id, missed.data) == (True, event.data)
            changed(service)
            assert (await stream.event()).data == event.data


async def test_a_session_has_so_many_get_streams_and_no_more() -> None:
    async with served(Kitchen().app) as service, AsyncExitStack() as stack:
        client = await service.session()
        streams = [
            await stack.enter_async_context(client.open("GET")) for _ in range(MAX_PUSH_STREAMS)
        ]
        await streams[-1].event()
        assert service.sessions.stats()["streams"] == MAX_PUSH_STREAMS
        last = await stack.enter_async_context(client.open("GET"))
        await last.event()
        assert len(await streams[0].rest()) <= 1
        assert service.sessions.stats()["streams"] == MAX_PUSH_STREAMS
        changed(service)
        assert "list_changed" in (await last.message())["method"]
