"""Every method of the session: what it sends and what it returns."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_kernel.errors import InvalidParams, RemoteError

from .conftest import FakeServer, MakeSession

pytestmark = pytest.mark.anyio

TASK = {
    "taskId": "t1",
    "kind": "k",
    "status": "working",
    "createdAt": "2026-01-01T00:00:00Z",
    "lastUpdatedAt": "2026-01-01T00:00:00Z",
}
TOOL = {"name": "a", "inputSchema": {"type": "object"}}


async def test_a_list_is_whole_without_a_cursor_and_a_page_with_one(
    open_session: MakeSession,
) -> None:
    def page(params: Any) -> Any:
        number = int(params.get("cursor") or 0)
        following = {"nextCursor": str(number + 1)} if number < 2 else {}
        return {"prompts": [{"name": f"p{number}"}], **following}

    client = await open_session(FakeServer(**{"prompts/list": page}))
    assert await client.list_prompts() == {"prompts": [{"name": f"p{n}"} for n in range(3)]}
    assert await client.list_prompts(cursor="1") == {
        "prompts": [{"name": "p1"}],
        "nextCursor": "2",
    }
    assert await client.list_prompts(cursor="") == {"prompts": [{"name": "p0"}], "nextCursor": "1"}


async def test_an_empty_next_cursor_is_followed(open_session: MakeSession) -> None:
    def page(params: Any) -> Any:
        if "cursor" in params:
            return {"resources": []}
        return {"resources": [{"uri": "x://1", "name": "1"}], "nextCursor": ""}

    server = FakeServer(**{"resources/list": page})
    client = await open_session(server)
    assert await client.list_resources() == {"resources": [{"uri": "x://1", "name": "1"}]}
    assert server.params("resources/list") == {"cursor": ""}


async def test_a_list_that_goes_round_in_circles_is_an_error(open_session: MakeSession) -> None:
    client = await open_session(FakeServer(**{"tools/list": {"tools": [], "nextCursor": "again"}}))
    with pytest.raises(RemoteError, match="in circles"):
        await client.list_tools()


async def test_list_tools_passes_every_filter(open_session: MakeSession) -> None:
    server = FakeServer(**{"tools/list": {"tools": [TOOL], "profile": "p"}})
    client = await open_session(server)
    answer = await client.list_tools(
        profile="p", groups=["g"], exclude_groups=("x",), stages="plan"
    )
    assert answer == {"tools": [TOOL], "profile": "p"}
    assert server.params("tools/list") == {
        "profile": "p",
        "groups": ["g"],
        "excludeGroups": ["x"],
        "stages": ["plan"],
    }


async def test_list_resource_templates(open_session: MakeSession) -> None:
    listed = {"resourceTemplates": [{"uriTemplate": "w://{city}", "name": "w"}]}
    client = await open_session(FakeServer(**{"resources/templates/list": listed}))
    assert await client.list_resource_templates() == listed


async def test_a_call_result_always_has_content_and_is_error(open_session: MakeSession) -> None:
    server = FakeServer(**{"tools/call": {"structuredContent": {"sum": 5}}})
    client = await open_session(server)
    assert await client.call_tool("add", {"a": 2}, meta={"x": 1}) == {
        "content": [],
        "isError": False,
        "structuredContent": {"sum": 5},
    }
    assert server.params("tools/call") == {
        "name": "add",
        "arguments": {"a": 2},
        "_meta": {"x": 1},
    }
    server.answers["tools/call"] = {"content": [{"type": "text", "text": "no"}], "isError": True}
    answer = await client.call_tool("add")
    assert answer == {"content": [{"type": "text", "text": "no"}], "isError": True}


@pytest.mark.parametrize("wire", [{"task": TASK}, TASK])
async def test_a_call_as_a_task(open_session: MakeSession, wire: Any) -> None:
    server = FakeServer(**{"tools/call": wire})
    client = await open_session(server)
    created = await client.call_tool_as_task("a", {"x": 1}, ttl=30000, poll_interval=250)
    assert created == {"task": TASK}
    assert server.params("tools/call")["task"] == {"ttl": 30000, "pollInterval": 250}
    await client.call_tool_as_task("a")
    assert server.params("tools/call")["task"] == {"ttl": 60000}
    for wish in ({"ttl": 5, "poll_interval": 7}, {"ttl": 5, "pollInterval": 7}):
        await client.call_tool("a", task=wish)
        assert server.params("tools/call")["task"] == {"ttl": 5, "pollInterval": 7}
    await client.call_tool("a", task=True)
    assert server.params("tools/call")["task"] == {}


async def test_tasks(open_session: MakeSession) -> None:
    server = FakeServer(
        **{
            "tasks/create": TASK,
            "tasks/list": {"tasks": [TASK]},
            "tasks/get": TASK,
            "tasks/cancel": {**TASK, "status": "cancelled"},
            "tasks/answer": TASK,
            "tasks/result": {"city": "Rome"},
        }
    )
    client = await open_session(server)
    assert await client.create_task("k", {"in": 1}, task={"ttl": 5}) == {"task": TASK}
    assert server.params("tasks/create") == {"kind": "k", "input": {"in": 1}, "task": {"ttl": 5}}
    assert await client.list_tasks() == {"tasks": [TASK]}
    assert await client.get_task("t1") == {"task": TASK}
    assert (await client.cancel_task("t1"))["task"]["status"] == "cancelled"
    assert await client.answer_task("t1", "key", ("accept", {"a": 1})) == {"task": TASK}
    assert server.params("tasks/answer") == {
        "taskId": "t1",
        "key": "key",
        "response": ["accept", {"a": 1}],
    }
    assert await client.get_task_result("t1") == {"city": "Rome"}


@pytest.mark.parametrize(
    ("wire", "result"),
    [
        (
            {"structuredContent": {"a": 1}},
            {"structuredContent": {"a": 1}, "content": [], "isError": False},
        ),
        (
            {"content": [{"type": "text", "text": "x"}]},
            {"content": [{"type": "text", "text": "x"}], "isError": False},
        ),
        ({"content": "a word"}, {"content": "a word"}),
        ([1, 2], [1, 2]),
        (None, None),
    ],
)
async def test_the_result_of_a_task(open_session: MakeSession, wire: Any, result: Any) -> None:
    client = await open_session(FakeServer(**{"tasks/result": lambda params: wire}))
    assert await client.get_task_result("t1") == result


async def test_read_resource_fills_in_template_variables(open_session: MakeSession) -> None:
    contents = {"contents": [{"uri": "w://x", "text": "sunny"}]}
    server = FakeServer(**{"resources/read": contents})
    client = await open_session(server)
    assert await client.read_resource("w://x") == contents
    await client.read_resource("w://{city}/{day}", {"city": "São Paulo/X", "day": 3})
    assert server.params("resources/read") == {"uri": "w://S%C3%A3o%20Paulo%2FX/3"}
    with pytest.raises(InvalidParams) as caught:
        await client.read_resource("w://{city}/{day}", arguments={"day": 3})
    assert [fault.path for fault in caught.value.faults] == ["city"]
    with pytest.raises(InvalidParams, match=r"only \{name\}"):
        await client.read_resource("w://{?city}", arguments={})


async def test_prompts_subscriptions_and_levels(open_session: MakeSession) -> None:
    prompt = {"messages": [{"role": "user", "content": {"type": "text", "text": "hi"}}]}
    server = FakeServer(**{"prompts/get": prompt})
    client = await open_session(server)
    assert await client.get_prompt("p", {"a": "1"}) == prompt
    assert server.params("prompts/get") == {"name": "p", "arguments": {"a": "1"}}
    assert await client.subscribe_resource("x://a") == {}
    assert await client.unsubscribe_resource("x://a") == {}
    assert await client.set_logging_level("error") == {}
    assert server.params("logging/setLevel") == {"level": "error"}


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        (("p", "city"), {"type": "ref/prompt", "name": "p"}),
        (("w://{city}", "city"), {"type": "ref/resource", "uri": "w://{city}"}),
        (({"name": "p"}, "city"), {"type": "ref/prompt", "name": "p"}),
        (({"uri": "x:y"}, "city"), {"type": "ref/resource", "uri": "x:y"}),
        (
            ({"type": "ref/prompt", "name": "a://b"}, "city"),
            {"type": "ref/prompt", "name": "a://b"},
        ),
    ],
)
async def test_what_a_completion_refers_to(
    open_session: MakeSession, given: Any, sent: dict[str, Any]
) -> None:
    found = {"completion": {"values": ["Rome"], "hasMore": False}}
    server = FakeServer(**{"completion/complete": found})
    client = await open_session(server)
    assert await client.complete(*given, "R") == found
    assert server.params("completion/complete") == {
        "ref": sent,
        "argument": {"name": "city", "value": "R"},
    }


@pytest.mark.parametrize(
    "given",
    [
        {"context": {"country": "IT"}},
        {"context": {"arguments": {"country": "IT"}}},
        {"context_arguments": {"country": "IT"}},
    ],
)
async def test_the_context_of_a_completion(open_session: MakeSession, given: Any) -> None:
    server = FakeServer(**{"completion/complete": {"completion": {"values": []}}})
    client = await open_session(server)
    await client.complete("p", {"name": "city", "value": "R"}, **given)
    assert server.params("completion/complete") == {
        "ref": {"type": "ref/prompt", "name": "p"},
        "argument": {"name": "city", "value": "R"},
        "context": {"arguments": {"country": "IT"}},
    }


async def test_a_completion_method_nobody_knows(open_session: MakeSession) -> None:
    client = await open_session(FakeServer())
    with pytest.raises(InvalidParams, match="completes nothing"):
        await client.complete("p", "city", method="tools/list")


async def test_handles(open_session: MakeSession) -> None:
    handle = {"id": "h", "kind": "list", "summary": "s", "size": 9}
    server = FakeServer(
        **{
            "handles/list": {"handles": [handle]},
            "handles/read": {"value": [1], "total": 9, "nextOffset": 1},
        }
    )
    client = await open_session(server)
    assert await client.list_handles() == {"handles": [handle]}
    page = await client.read_handle(
        "h",
        "/rows",
        offset=0,
        limit=1,
        fields=["a"],
        where=[{"field": "a", "op": "eq", "value": 1}],
    )
    assert page == {"value": [1], "total": 9, "nextOffset": 1}
    assert server.params("handles/read") == {
        "handle": "h",
        "pointer": "/rows",
        "offset": 0,
        "limit": 1,
        "fields": ["a"],
        "where": [{"field": "a", "op": "eq", "value": 1}],
    }
    server.answers["handles/read"] = {"value": None}
    assert await client.read_handle("h") == {"value": None}
    assert await client.release_handle("h") == {}


async def test_a_request_of_an_extension(open_session: MakeSession) -> None:
    server = FakeServer(**{"x/y": lambda params: {"echo": params}})
    client = await open_session(server)
    assert await client.request("x/y", {"a": None}) == {"echo": {"a": None}}
