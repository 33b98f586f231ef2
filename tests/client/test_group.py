"""Several sessions as one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from zcp_kernel.client import ZCPClientSession, session_over
from zcp_kernel.client_group import ZCPSessionGroup
from zcp_kernel.errors import ConfigError, InvalidParams, NotFound, RemoteError
from zcp_kernel.testing.echo import EchoDialect

from .conftest import FakeServer, RefusalError

pytestmark = pytest.mark.anyio

MakeBackend = Callable[..., tuple[FakeServer, ZCPClientSession]]


class Backend(FakeServer):
    """A server of this name with these tools; each answers with its server's name."""

    def __init__(self, name: str, tools: tuple[str, ...] = (), **answers: Any) -> None:
        super().__init__(**answers)
        self.name = name
        self.tools = list(tools)
        self.answers["initialize"] = self.introduced
        self.answers.setdefault("tools/list", lambda params: self.listed())
        self.answers.setdefault("tools/call", lambda params: self.called(params))
        for method, member in (
            ("resources/list", "resources"),
            ("resources/templates/list", "resourceTemplates"),
            ("prompts/list", "prompts"),
        ):
            self.answers.setdefault(method, {member: []})

    def introduced(self, params: Any) -> Any:
        answer = self.introduce(params)
        answer["serverInfo"]["name"] = self.name
        return answer

    def listed(self) -> Any:
        return {"tools": [{"name": n, "inputSchema": {"type": "object"}} for n in self.tools]}

    def called(self, params: Any) -> Any:
        return {"structuredContent": [self.name, params["name"]]}


@pytest.fixture
async def join(anyio_backend: str) -> AsyncIterator[Callable[..., ZCPClientSession]]:
    made: list[ZCPClientSession] = []

    def session(server: FakeServer, transport: str = "stdio") -> ZCPClientSession:
        client = session_over(server.connect, dialects=[EchoDialect()], transport=transport)
        made.append(client)
        return client

    yield session
    for client in made:
        await client.close()


Join = Callable[..., ZCPClientSession]


async def called(group: ZCPSessionGroup, name: str, **options: Any) -> Any:
    return (await group.call_tool(name, {}, **options))["structuredContent"]


async def test_lists_are_merged_and_say_where_each_object_comes_from(join: Join) -> None:
    weather = Backend("Weather Station", ("weather.lookup",))
    docs = Backend(
        "Docs",
        **{
            "resources/list": {"resources": [{"uri": "docs://faq", "name": "FAQ"}]},
            "resources/templates/list": {
                "resourceTemplates": [{"uriTemplate": "docs://{page}", "name": "page"}]
            },
            "prompts/list": {"prompts": [{"name": "ask", "_meta": {"mine": 1}}]},
        },
    )
    group = ZCPSessionGroup([join(weather), join(docs, "memory")])
    (tool,) = (await group.list_tools())["tools"]
    assert tool["name"] == "weather.lookup"
    assert tool["_meta"] == {
        "zcp/qualifiedName": "weather-station.weather.lookup",
        "zcp/backend": {
            "name": "weather-station",
            "transport": "stdio",
            "server": {"name": "Weather Station", "version": "1"},
        },
    }
    (resource,) = (await group.list_resources())["resources"]
    assert resource["_meta"]["zcp/qualifiedName"] == "docs.docs://faq"
    assert resource["_meta"]["zcp/backend"]["transport"] == "memory"
    (template,) = (await group.list_resource_templates())["resourceTemplates"]
    assert template["_meta"]["zcp/qualifiedName"] == "docs.docs://{page}"
    (prompt,) = (await group.list_prompts())["prompts"]
    assert prompt["_meta"]["mine"] == 1
    assert list(group.sessions) == ["weather-station", "docs"]


async def test_backends_are_listed_at_once(join: Join) -> None:
    met = [anyio.Event(), anyio.Event()]

    def meeting(own: int) -> Any:
        async def listed(params: Any) -> Any:
            met[own].set()
            await met[1 - own].wait()
            return {"tools": []}

        return listed

    group = ZCPSessionGroup(
        [join(Backend(f"b{own}", **{"tools/list": meeting(own)})) for own in (0, 1)]
    )
    with anyio.fail_after(5):
        assert await group.list_tools() == {"tools": []}


async def test_filters_reach_every_backend(join: Join) -> None:
    servers = [Backend("a"), Backend("b")]
    group = ZCPSessionGroup([join(server) for server in servers])
    await group.list_tools(profile="p", groups=["g"])
    assert [server.params("tools/list") for server in servers] == [
        {"profile": "p", "groups": ["g"]}
    ] * 2
    with pytest.raises(InvalidParams, match="no pages"):
        await group.list_tools(cursor="1")


async def test_a_bare_name_works_while_it_is_unique(join: Join) -> None:
    group = ZCPSessionGroup([join(Backend("One", ("a", "b"))), join(Backend("Two", ("b",)))])
    assert await called(group, "a") == ["One", "a"]
    assert await called(group, "one.b") == ["One", "b"]
    assert await called(group, "two.b") == ["Two", "b"]
    assert await called(group, "b", backend="two") == ["Two", "b"]
    with pytest.raises(InvalidParams, match=r"ambiguous:b: .*one\.b, two\.b"):
        await group.call_tool("b")
    with pytest.raises(NotFound, match="not_found:zzz"):
        await group.call_tool("zzz")
    with pytest.raises(NotFound):
        await group.call_tool("a", backend="two")


async def test_a_dotted_name_is_never_taken_for_another_backends_tool(join: Join) -> None:
    group = ZCPSessionGroup(
        [join(Backend("weather", ("lookup",))), join(Backend("docs", ("weather.lookup",)))]
    )
    with pytest.raises(InvalidParams, match=r"weather\.lookup, docs\.weather\.lookup"):
        await group.call_tool("weather.lookup")
    assert await called(group, "weather.lookup", backend="weather") == ["weather", "lookup"]
    assert await called(group, "docs.weather.lookup") == ["docs", "weather.lookup"]


async def test_names_stay_when_a_backend_joins(join: Join) -> None:
    group = ZCPSessionGroup([join(Backend("Same", ("a",)))])
    assert await called(group, "same.a") == ["Same", "a"]
    group.add(join(Backend("Same", ("a", "c"))))
    group.add(join(Backend("Other", ())), name="mine")
    assert await called(group, "c") == ["Same", "c"]
    assert list(group.sessions) == ["same", "same-2", "mine"]
    assert await called(group, "same.a") == ["Same", "a"]
    with pytest.raises(InvalidParams, match="ambiguous:a"):
        await group.call_tool("a")
    with pytest.raises(ConfigError, match="named 'mine'"):
        group.add(join(Backend("x")), name="mine")


async def test_names_follow_the_order_of_joining(join: Join) -> None:
    first = Backend("Same")

    async def slowly(params: Any) -> Any:
        for _ in range(20):
            await anyio.lowlevel.checkpoint()
        return first.introduced(params)

    first.answers["initialize"] = slowly
    sessions = [join(first), join(Backend("Same"))]
    group = ZCPSessionGroup(sessions)
    await group.list_tools()
    assert group.sessions == {"same": sessions[0], "same-2": sessions[1]}


async def test_names_may_be_given(join: Join) -> None:
    group = ZCPSessionGroup([join(Backend("x", ("t",))), join(Backend("x"))], names=["l", "r"])
    assert await called(group, "l.t") == ["x", "t"]
    with pytest.raises(ConfigError, match="1 sessions, but 2 names"):
        ZCPSessionGroup([join(Backend("x"))], names=["a", "b"])
    with pytest.raises(ConfigError, match="named 'a'"):
        ZCPSessionGroup([join(Backend("x")), join(Backend("x"))], names=["a", "a"])


async def test_a_failing_backend_is_reported_and_survived(join: Join) -> None:
    def refuse(params: Any) -> None:
        raise RefusalError(-1, "out of order")

    broken = Backend("Broken", **{"tools/list": refuse})
    shut = Backend("Shut")
    shut.answers["initialize"] = refuse
    group = ZCPSessionGroup([join(broken), join(Backend("Good", ("t",))), join(shut)])
    answer = await group.list_tools()
    assert [tool["name"] for tool in answer["tools"]] == ["t"]
    assert answer["errors"] == [
        {"backend": "broken", "message": "out of order"},
        {"backend": "#3", "message": "out of order"},
    ]
    assert await called(group, "t") == ["Good", "t"]
    with pytest.raises(NotFound) as caught:
        await group.call_tool("u")
    assert caught.value.data["unreachable"] == answer["errors"]
    broken.answers["tools/list"] = {"tools": [{"name": "u", "inputSchema": {"type": "object"}}]}
    shut.answers["initialize"] = shut.introduced
    assert await called(group, "u") == ["Broken", "u"]
    assert "errors" not in await group.list_tools()


async def test_a_tool_that_appears_later_is_found(join: Join) -> None:
    server = Backend("s", ("a",))
    group = ZCPSessionGroup([join(server)])
    await group.list_tools()
    server.tools.append("b")
    assert await called(group, "b") == ["s", "b"]


async def test_a_filtered_list_does_not_hide_tools_from_calls(join: Join) -> None:
    server = Backend("s", ("a",))
    group = ZCPSessionGroup([join(server)])
    await group.list_tools()
    server.answers["tools/list"] = {"tools": []}
    await group.list_tools(groups=["none"])
    assert await called(group, "a") == ["s", "a"]


async def test_an_error_of_the_backend_is_the_callers(join: Join) -> None:
    def refuse(params: Any) -> None:
        raise RefusalError(-5, "no")

    group = ZCPSessionGroup([join(Backend("s", ("a",), **{"tools/call": refuse}))])
    with pytest.raises(RemoteError, match="no") as caught:
        await group.call_tool("a")
    assert caught.value.code == -5


async def test_resources_and_prompts_find_their_backend(join: Join) -> None:
    def read(params: Any) -> Any:
        return {"contents": [{"uri": params["uri"], "text": "t"}]}

    docs = Backend(
        "docs",
        **{
            "resources/list": {"resources": [{"uri": "docs://faq", "name": "FAQ"}]},
            "resources/read": read,
            "prompts/list": {"prompts": [{"name": "ask"}]},
            "prompts/get": lambda params: {"messages": [], "description": params["name"]},
        },
    )
    pages = Backend(
        "pages",
        **{
            "resources/templates/list": {
                "resourceTemplates": [
                    {"uriTemplate": "page://{n}", "name": "page"},
                    {"uriTemplate": "odd://{?q}", "name": "odd"},
                ]
            },
            "resources/read": read,
        },
    )
    group = ZCPSessionGroup([join(docs), join(pages)])
    for uri in ("docs://faq", "docs.docs://faq"):
        assert (await group.read_resource(uri))["contents"][0]["uri"] == "docs://faq"
    assert (await group.read_resource("page://3"))["contents"][0]["uri"] == "page://3"
    filled = await group.read_resource("page://{n}", {"n": 4})
    assert filled["contents"][0]["uri"] == "page://4"
    await group.subscribe_resource("page://3")
    assert pages.params("resources/subscribe") == {"uri": "page://3"}
    await group.unsubscribe_resource("page://3")
    assert pages.params("resources/unsubscribe") == {"uri": "page://3"}
    assert (await group.get_prompt("docs.ask"))["description"] == "ask"
    with pytest.raises(NotFound):
        await group.read_resource("other://x")


async def test_a_task_is_followed_where_it_runs(join: Join) -> None:
    task = {
        "taskId": "t1",
        "kind": "a",
        "status": "working",
        "createdAt": "2026-01-01T00:00:00Z",
        "lastUpdatedAt": "2026-01-01T00:00:00Z",
    }
    server = Backend("s", ("a",), **{"tools/call": task, "tasks/get": task, "tasks/result": "done"})
    group = ZCPSessionGroup([join(Backend("other")), join(server)])
    assert (await group.call_tool_as_task("a", {}, ttl=5))["task"]["taskId"] == "t1"
    assert (await group.get_task("t1"))["task"]["status"] == "working"
    assert await group.get_task_result("t1") == "done"
    server.answers["tasks/cancel"] = server.answers["tasks/answer"] = task
    assert await group.cancel_task("t1") == {"task": task}
    assert await group.answer_task("t1", "k", True) == {"task": task}
    with pytest.raises(NotFound):
        await group.get_task("t2")


async def test_leaving_the_group_closes_every_session(join: Join) -> None:
    servers = [Backend("a"), Backend("b")]
    async with ZCPSessionGroup([join(server) for server in servers]) as group:
        await group.list_tools()
    await group.close()
    assert [server.left for server in servers] == [1, 1]
