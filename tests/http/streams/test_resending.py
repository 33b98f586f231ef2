"""A request that comes again with the key it came with is served once (Idempotency-Key,
draft-ietf-httpapi-idempotency-key-header)."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from asgi import Client, served
from zcp_transport_http.config import StreamableHTTPConfig
from zcp_transport_http.endpoints.negotiation import MAX_KEY
from zcp_transport_http.sessions.session import MAX_KEYS, StreamingSession

from .kitchen import Kitchen, until

pytestmark = pytest.mark.anyio
VERSIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "zcp/1"]


def keyed(key: str) -> dict[str, str]:
    return {"idempotency-key": f'"{key}"'}


async def add(client: Client, key: str, **arguments: int) -> Any:
    return await client.post(client.tool("add", arguments, id=7), keyed(key))


@pytest.mark.parametrize("version", VERSIONS)
async def test_an_answer_is_given_again(version: str) -> None:
    async with served(Kitchen().app) as service:
        client = await service.session(version)
        first = await add(client, "k", a=1, b=2)
        again = await add(client, "k", a=9, b=9)
        assert not first.is_stream
        assert again.is_stream
        assert again.message == first.message


async def test_it_says_so_where_a_session_opens() -> None:
    async with served(Kitchen().app) as service:
        client = service.client()
        assert (await client.initialize()).headers["x-zcp-resends"] == "idempotency-key"
    async with served(Kitchen().app, StreamableHTTPConfig(json_response=True)) as service:
        client = service.client()
        assert "x-zcp-resends" not in (await client.initialize()).headers
        answers = [(await add(client, "k", a=number, b=2)).message for number in (1, 2)]
        assert answers[0] != answers[1]


async def test_other_keys_and_other_sessions_are_other_calls() -> None:
    async with served(Kitchen().app) as service:
        one, other = await service.session(), await service.session()
        answers = [
            (await add(client, key, a=number, b=0)).message["result"]["content"][0]["text"]
            for number, (client, key) in enumerate([(one, "a"), (one, "b"), (other, "a")])
        ]
        assert answers == ["0", "1", "2"]


async def test_a_call_that_runs_is_joined() -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = await service.session()
        wait = client.tool("wait", {"name": "stew"}, progressToken="p")
        async with client.open("POST", wait, keyed("k")) as first:
            assert (await first.message())["method"] == "notifications/progress"
        async with client.open("POST", wait, keyed("k")) as second:
            assert (await second.message())["method"] == "notifications/progress"
            kitchen.go.set()
            messages = [json.loads(event.data) for event in await second.rest() if event.data]
        assert [message.get("id") for message in messages] == [None, wait["id"]]
        assert kitchen.begun == ["stew"]


async def test_a_call_that_has_said_nothing_yet_is_joined() -> None:
    kitchen = Kitchen()
    async with served(kitchen.app) as service:
        client = await service.session()
        leave = client.tool("quiet")
        go, begun = anyio.Event(), []

        @kitchen.app.tool
        async def quiet() -> str:
            begun.append(1)
            await go.wait()
            return "said"

        answers: list[Any] = []

        async def call() -> None:
            answers.append(await client.post(leave, keyed("k")))

        with anyio.fail_after(10):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(call)
                await until(lambda: begun)
                tasks.start_soon(call)
                await anyio.sleep(0.05)
                go.set()
        assert len(begun) == 1
        said = [answer.message["result"]["content"][0]["text"] for answer in answers]
        assert said == ["said", "said"]


async def test_an_error_is_an_answer_too() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        message = client.tool("nothing of that name")
        first = await client.post(message, keyed("k"))
        again = await client.post(message, keyed("k"))
        assert first.message["error"] == again.message["error"]


async def test_an_answer_that_is_no_longer_kept_is_no_silent_second_call() -> None:
    settings = StreamableHTTPConfig(replay_bytes=0)
    async with served(Kitchen().app, settings) as service:
        for version, status in (("2025-11-25", 400), ("zcp/1", 409)):
            client = await service.session(version)
            await add(client, "k", a=1, b=2)
            for number in range(3):
                await add(client, f"other{number}", a=1, b=2)
            assert (await add(client, "k", a=1, b=2)).status == status


async def test_keys_are_bounded() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session("zcp/1")
        (home,) = service.sessions._sessions.values()
        for number in range(MAX_KEYS + 20):
            await add(client, str(number), a=number, b=0)
        assert isinstance(home, StreamingSession)
        assert len(home._keys) == MAX_KEYS
        long = "x" * MAX_KEY
        first, second = [await add(client, long, a=number, b=0) for number in (1, 2)]
        assert first.message != second.message


async def test_two_keys_in_one_request() -> None:
    async with served(Kitchen().app) as service:
        client = await service.session()
        fields = {"idempotency-key": "a", "Idempotency-Key": "b"}
        assert (await client.post(client.tool("add", {"a": 1, "b": 2}), fields)).status == 400
