"""What a server says and asks by itself: notices in order, requests answered by hooks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from zcp_kernel._core.client.link import notices
from zcp_kernel.errors import ConnectionLost, InvalidParams, MissingCapability

from .conftest import SILENCE, FakeServer, MakeSession

pytestmark = pytest.mark.anyio

Ask = Callable[[dict[str, Any]], Any]


async def settled() -> None:
    await anyio.wait_all_tasks_blocked()


def log_notice(data: Any, **more: Any) -> dict[str, Any]:
    return {"method": "notifications/message", "params": {"level": "info", "data": data, **more}}


# -- notices --------------------------------------------------------------------------------------


async def test_log_entries_arrive_when_they_are_sent(open_session: MakeSession) -> None:
    server, entries = FakeServer(), []
    await open_session(server, log_handler=entries.append)
    await server.say(log_notice("a"))
    await server.say(log_notice({"b": 1}, logger="db"))
    await settled()
    assert entries == [
        {"level": "info", "logger": None, "data": "a"},
        {"level": "info", "logger": "db", "data": {"b": 1}},
    ]


async def test_the_notification_handler_sees_all(open_session: MakeSession) -> None:
    server, seen = FakeServer(), []

    async def handler(method: str, params: Any) -> None:
        seen.append((method, params))

    await open_session(server, notification_handler=handler)
    await server.say({"method": "notifications/resources/updated", "params": {"uri": "x://y"}})
    await server.say({"method": "vendor/whatever"})
    await server.say({"method": "notifications/message", "params": {"level": "loud"}})
    await settled()
    assert seen == [
        ("notifications/resources/updated", {"uri": "x://y"}),
        ("vendor/whatever", {}),
        ("notifications/message", {"level": "loud"}),
    ]


async def test_progress_goes_to_its_own_call(open_session: MakeSession) -> None:
    everything: list[Any] = []
    server = FakeServer()

    async def work(params: Any) -> Any:
        token = params["_meta"]["progressToken"]
        for done in (1, 2):
            progress = {"progressToken": token, "progress": done, "total": 2}
            await server.say({"method": "notifications/progress", "params": progress})
        return {"content": []}

    server.answers["tools/call"] = work
    client = await open_session(server, progress_handler=everything.append)
    first: list[Any] = []
    second: list[Any] = []
    await client.call_tool("a", meta={"mine": 1}, progress=first.append)
    assert [p["progress"] for p in first] == [1, 2]
    assert server.params("tools/call")["_meta"]["mine"] == 1
    await client.call_tool("a", progress=second.append)
    assert len(first) == 2
    assert {p["progressToken"] for p in second}.isdisjoint(p["progressToken"] for p in first)
    assert everything == first + second


async def test_async_handlers_have_run_before_the_answer(open_session: MakeSession) -> None:
    server, seen = FakeServer(), []

    async def handler(entry: Any) -> None:
        seen.append(entry["data"])

    async def work(params: Any) -> Any:
        for number in range(20):
            await server.say(log_notice(number))
        return {"content": []}

    server.answers["tools/call"] = work
    client = await open_session(server, log_handler=handler)
    await client.call_tool("a")
    assert seen == list(range(20))


async def test_order_holds_while_a_handler_is_slow_and_one_that_fails_is_logged(
    open_session: MakeSession, caplog: pytest.LogCaptureFixture
) -> None:
    server, seen, gate = FakeServer(), [], anyio.Event()

    async def handler(entry: Any) -> None:
        if entry["data"] == 0:
            await gate.wait()
            raise ValueError("handler bug")
        seen.append(entry["data"])

    client = await open_session(server, log_handler=handler)
    for number in range(4):
        await server.say(log_notice(number))
    await settled()
    assert await client.ping() == {"ok": True}
    assert seen == []
    gate.set()
    await settled()
    assert seen == [1, 2, 3]
    assert [r.getMessage() for r in caplog.records] == ["a notification handler failed"]


async def test_the_oldest_notices_are_dropped_when_a_handler_never_catches_up(
    open_session: MakeSession, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(notices, "LIMIT", 3)
    server, seen, gate = FakeServer(), [], anyio.Event()

    async def handler(entry: Any) -> None:
        seen.append(entry["data"])
        await gate.wait()

    client = await open_session(server, log_handler=handler)
    for number in range(6):
        await server.say(log_notice(number))
        await settled()
    assert await client.ping() == {"ok": True}
    gate.set()
    await settled()
    assert seen == [0, 3, 4, 5]
    assert sum("the oldest was dropped" in r.getMessage() for r in caplog.records) == 2


async def test_a_handler_may_use_the_session(open_session: MakeSession) -> None:
    server, answers = FakeServer(), []

    async def handler(method: str, params: Any) -> None:
        answers.append(await client.ping())

    client = await open_session(server, notification_handler=handler)
    await server.say({"method": "a"})
    await server.say({"method": "b"})
    await settled()
    assert answers == [{"ok": True}] * 2


async def test_a_handler_may_close_the_session(open_session: MakeSession) -> None:
    server = FakeServer(ping=SILENCE)

    async def handler(method: str, params: Any) -> None:
        await client.close()

    client = await open_session(server, notification_handler=handler)

    async def say() -> None:
        await settled()
        await server.say({"method": "a"})

    with anyio.fail_after(5):
        async with anyio.create_task_group() as group:
            group.start_soon(say)
            with pytest.raises(ConnectionLost):
                await client.ping()
        await client.close()


async def test_last_words_are_still_delivered(open_session: MakeSession) -> None:
    server, seen = FakeServer(), []

    async def handler(entry: Any) -> None:
        await anyio.lowlevel.checkpoint()
        seen.append(entry["data"])

    await open_session(server, log_handler=handler)
    for number in range(3):
        await server.say(log_notice(number))
    await server.hang_up()
    await settled()
    assert seen == [0, 1, 2]


# -- requests -------------------------------------------------------------------------------------


async def test_every_hook_answers_sync_and_async(open_session: MakeSession) -> None:
    requests: list[Any] = []

    async def sample(request: Any) -> Any:
        requests.append(request)
        return {"role": "assistant", "content": "Short summary draft."}

    def elicit(request: Any) -> Any:
        requests.append(request)
        return {"accepted": True, "data": {"city": "Hangzhou"}}

    server = FakeServer()
    await open_session(
        server,
        roots_provider=lambda: [{"uri": "file:///workspace", "name": "workspace"}],
        sampling_handler=sample,
        elicitation_handler=elicit,
    )
    message = {"role": "user", "content": {"type": "text", "text": "hi"}}
    asked = {"messages": [message], "maxTokens": 9}
    assert (await server.ask("sampling/createMessage", asked))["result"] == {
        "role": "assistant",
        "content": {"type": "text", "text": "Short summary draft."},
        "model": "unknown",
    }
    form = {
        "message": "Where?",
        "requestedSchema": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string", "default": "C"}},
        },
    }
    assert (await server.ask("elicitation/request", form))["result"] == {
        "action": "accept",
        "content": {"city": "Hangzhou", "unit": "C"},
    }
    assert (await server.ask("roots/list", {}))["result"] == {
        "roots": [{"uri": "file:///workspace", "name": "workspace"}]
    }
    assert (await server.ask("ping", None))["id"] == "s1"
    assert requests[0] == asked
    assert requests[1]["prompt"] == requests[1]["message"] == "Where?"
    assert requests[1]["fields"]["city"] == {"type": "string", "required": False}


@pytest.mark.parametrize(
    ("method", "params", "code"),
    [
        ("roots/list", {}, 412),
        ("sampling/createMessage", {"messages": [], "maxTokens": 1}, 412),
        ("elicitation/request", {"message": "?"}, 412),
        ("sampling/createMessage", {"messages": 3}, -32602),
        ("what/ever", {}, -32601),
    ],
)
async def test_what_cannot_be_answered_is_an_error(
    open_session: MakeSession, method: str, params: Any, code: int
) -> None:
    server = FakeServer()
    await open_session(server)
    assert (await server.ask(method, params))["error"]["code"] == code


async def test_a_hook_that_fails_tells_the_server_no_more_than_that(
    open_session: MakeSession, caplog: pytest.LogCaptureFixture
) -> None:
    def broken() -> Any:
        raise ValueError("secret path")

    server = FakeServer()
    client = await open_session(server, roots_provider=broken)
    error = (await server.ask("roots/list", {}))["error"]
    assert error["code"] == -32603
    assert "secret" not in str(error)
    assert "secret path" in caplog.text
    assert await client.ping() == {"ok": True}


async def test_a_hook_that_returns_nonsense_is_an_error(open_session: MakeSession) -> None:
    server = FakeServer()
    await open_session(server, elicitation_handler=lambda request: None)
    assert (await server.ask("elicitation/request", {"message": "?"}))["error"]["code"] == -32602


async def test_the_server_may_cancel_what_it_asked(open_session: MakeSession) -> None:
    server, left = FakeServer(), []

    async def provide() -> Any:
        try:
            await anyio.sleep_forever()
        finally:
            left.append(True)

    client = await open_session(server, roots_provider=provide)
    await server.say({"id": "r1", "method": "roots/list"})
    await settled()
    await server.say({"method": "notifications/cancelled", "params": {"requestId": "r1"}})
    await settled()
    assert left == [True]
    assert await client.ping() == {"ok": True}
    assert server.replies == {}


async def test_before_the_handshake_only_ping_is_answered(open_session: MakeSession) -> None:
    server = FakeServer()

    async def introduce(params: Any) -> Any:
        await server.say({"id": "p", "method": "ping"})
        await server.say({"id": "r", "method": "roots/list"})
        await server.say(log_notice("early"))
        await settled()
        return server.introduce(params)

    server.answers["initialize"] = introduce
    await open_session(server, roots_provider=list)
    await settled()
    assert server.replies["p"]["result"] == {}
    assert server.replies["r"]["error"]["code"] == -32601


# -- the session's own hooks ----------------------------------------------------------------------


async def test_the_application_may_run_its_own_hooks(open_session: MakeSession) -> None:
    requests: list[Any] = []

    def elicit(request: Any) -> Any:
        requests.append(request)
        return {"accepted": True, "fields": {"city": "Rome"}}

    client = await open_session(
        FakeServer(),
        roots_provider=lambda: ["file:///a"],
        sampling_handler=lambda request: f"{request['maxTokens']} {request.get('temperature')}",
        elicitation_handler=elicit,
    )
    assert await client.list_roots() == {"roots": [{"uri": "file:///a"}]}
    answer = await client.create_message([{"role": "user", "content": "hi"}], temperature=0.5)
    assert answer["content"]["text"] == "1024 0.5"
    whole = {"messages": [{"role": "user", "content": "hi"}], "maxTokens": 7}
    assert (await client.create_message(whole))["content"]["text"] == "7 None"
    assert (await client.create_message("hi", maxTokens=8))["content"]["text"] == "8 None"
    assert await client.elicit("form", "Where?", fields=["city"]) == {
        "action": "accept",
        "content": {"city": "Rome"},
    }
    assert requests[0]["requestedSchema"]["required"] == ["city"]
    with pytest.raises(InvalidParams, match="url is required"):
        await client.elicit("url", "Sign in")


async def test_without_a_hook_the_capability_is_missing(open_session: MakeSession) -> None:
    client = await open_session(FakeServer())
    for call in (client.list_roots(), client.create_message("hi"), client.elicit("form", "?")):
        with pytest.raises(MissingCapability):
            await call
