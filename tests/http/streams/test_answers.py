"""How a POST is answered: JSON, or a stream of its own from the first frame on."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from asgi import Client, served
from zcp_transport_http.config import SSEConfig, StreamableHTTPConfig

from .kitchen import Kitchen, until

pytestmark = pytest.mark.anyio


def steps(client: Client, n: int, token: Any = 1) -> Any:
    return client.call("tools/call", {"name": "steps", "arguments": {"n": n}}, progressToken=token)


def wait(client: Client, name: str) -> Any:
    params = {"name": "wait", "arguments": {"name": name}}
    return client.call("tools/call", params, progressToken=name)


async def test_what_belongs_to_a_call_comes_before_its_result() -> None:
    async with served(Kitchen().app) as service:
        for version in ("2024-11-05", "2025-06-18", "2025-11-25", "zcp/1"):
            client = await service.session(version)
            answer = await client.post(steps(client, 3))
            assert answer.is_stream
            assert answer.headers["x-accel-buffering"] == "no"
            progress = [m["params"]["progress"] for m in answer.messages[:-1]]
            assert progress == [1, 2, 3]
            assert "result" in answer.message


async def test_every_event_of_a_session_has_an_id_and_the_first_says_when_to_retry() -> None:
    async with served(Kitchen().app) as service:
        ids: list[str | None] = []
        client = await service.session("2025-06-18")
        for _ in range(2):
            events = (await client.post(steps(client, 3))).events
            assert [event.retry for event in events] == [1000, None, None, None]
            assert all(event.data for event in events)
            ids += [event.id for event in events]
        assert len(set(ids)) == 8
        assert all(id is not None and id.isascii() for id in ids)


async def test_a_revision_that_knows_priming_gets_an_id_first() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session("2025-11-25")
        first, *others = (await client.post(steps(client, 1))).events
        assert (first.data, first.retry) == (b"", 1000)
        assert first.id is not None
        assert all(event.data and event.retry is None for event in others)


async def test_streams_without_a_session_have_no_ids() -> None:
    async with served(Kitchen().app) as service:
        client = service.client("/zcp")
        answer = await client.post(steps(client, 2))
        assert [event.id for event in answer.events] == [None] * 3
        assert [event.retry for event in answer.events] == [None] * 3


async def test_progress_arrives_while_the_handler_runs() -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        for client in (await service.session(), service.client("/zcp")):
            kitchen.go = anyio.Event()
            kitchen.ended.clear()
            async with client.open("POST", wait(client, "soup")) as stream:
                first = await stream.message()
                assert first["params"]["progress"] == 1
                assert kitchen.ended == []
                kitchen.go.set()
                assert (await stream.message())["params"]["progress"] == 2
                assert "result" in await stream.message()
                with pytest.raises(anyio.EndOfStream):
                    await stream.event()


async def test_ten_thousand_notifications_never_push_the_answer_out() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session("2025-11-25")
        answer = await client.post(steps(client, 10_000))
        assert len(answer.messages) == 10_001
        assert answer.message["result"]["content"][0]["text"] == "10000"
        last = answer.events[-1].id
        assert last is not None
        before = last.rpartition("-")[0] + "-10000"
        again = await client.request(
            "GET", headers={"accept": "text/event-stream", "last-event-id": before}
        )
        assert again.messages == [answer.message]
        assert service.sessions.stats()["replay_bytes"] < 256 * 400


async def test_a_slow_reader_makes_the_handler_wait() -> None:
    """Nothing is queued: what a client does not read is not produced."""
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = await service.session()
        async with client.open("POST", steps(client, 10_000)) as stream:
            await stream.message()
            await anyio.sleep(0.05)
            held = service.sessions.stats()["replay_bytes"]
            assert held < 10 * 400
            assert len(await stream.rest()) > 9_990


async def test_calls_of_one_session_never_see_each_others_messages() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        answers: dict[str, Any] = {}

        async def talk(name: str) -> None:
            call = client.tool("talk", {"name": name, "n": 20})
            answers[name] = await client.post(call)

        async with anyio.create_task_group() as group:
            for number in range(10):
                group.start_soon(talk, f"cook {number}")
        for name, answer in answers.items():
            *said, result = answer.messages
            assert [message["params"]["data"] for message in said] == [name] * 20
            assert result["result"]["content"][0]["text"] == name


async def test_a_question_is_asked_on_the_calls_own_stream() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session(capabilities={"elicitation": {}})
        async with client.open("POST", client.tool("ask")) as stream:
            question = await stream.message()
            assert question["method"] == "elicitation/create"
            said = {"action": "accept", "content": {"name": "Ann"}}
            answer = {"jsonrpc": "2.0", "id": question["id"], "result": said}
            assert (await client.post(answer)).status == 202
            result = await stream.message()
            assert "accept" in result["result"]["content"][0]["text"]


async def test_cancelling_by_another_post() -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = await service.session()
        call = wait(client, "stew")
        async with client.open("POST", call) as stream:
            await stream.message()
            params = {"requestId": call["id"], "reason": "not hungry"}
            cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}
            assert (await client.post(cancel)).status == 202
            assert await stream.rest() == []
        assert kitchen.cancelled == ["stew"]


async def test_a_cancelled_call_that_sent_nothing_is_accepted_and_no_more() -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = await service.session()
        call = client.tool("wait", {"name": "tea"})
        answers: list[Any] = []

        async def post() -> None:
            answers.append(await client.post(call))

        async with anyio.create_task_group() as group:
            group.start_soon(post)
            await until(lambda: kitchen.begun)
            params = {"requestId": call["id"]}
            cancel = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params}
            await client.post(cancel)
        assert [(a.status, a.body) for a in answers] == [(202, b"")]
        assert kitchen.cancelled == ["tea"]


async def test_json_only_when_configured() -> None:
    async with served(Kitchen().app, StreamableHTTPConfig(json_response=True)) as service:
        for client in (await service.session(), service.client("/zcp")):
            answer = await client.post(steps(client, 3))
            assert not answer.is_stream
            assert "result" in answer.message


async def test_a_long_silence_is_broken_by_comments() -> None:
    kitchen = Kitchen()
    async with served(kitchen.app, sse=SSEConfig(keepalive_seconds=0.02)) as service:
        session = await service.session()
        for client in (session, service.client("/zcp")):
            kitchen.go = anyio.Event()
            kitchen.begun.clear()
            call = client.tool("wait", {"name": "bread"})
            fields = client.fields(
                {"accept": "application/json, text/event-stream"},
                **{"content-type": "application/json"},
            )
            body = json.dumps(call).encode()
            url = f"http://127.0.0.1:8000{client.path}"
            with anyio.fail_after(10):
                async with client.http.request("POST", url, fields, body) as response:
                    assert response.headers["content-type"] == "text/event-stream"
                    seen = b""
                    while b":\n\n" not in seen:
                        seen += await anext(response.chunks)
                    kitchen.go.set()
                    while b'"result"' not in seen:
                        seen += await anext(response.chunks)


async def test_an_open_get_stream_is_kept_alive() -> None:
    async with served(Kitchen().app, sse=SSEConfig(keepalive_seconds=0.02)) as service:
        client = await service.session()
        fields = client.fields({"accept": "text/event-stream"})
        url = "http://127.0.0.1:8000/mcp"
        with anyio.fail_after(10):
            async with client.http.request("GET", url, fields) as response:
                seen = b""
                while seen.count(b":\n\n") < 3:
                    seen += await anext(response.chunks)
