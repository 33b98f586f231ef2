"""Scopes, visibility, tasks, subscriptions and handles are the outer app's for mounted objects."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from harness import make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.config import ToolExposureConfig, ToolsSection
from zcp_kernel.context import Context
from zcp_kernel.errors import RemoteError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.security import Principal

from .conftest import Site, names, roof, text, until, weather

pytestmark = pytest.mark.anyio

Put = Callable[[FastZCP], Site]


@pytest.fixture(params=["local", "remote"])
def how(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def mount(app: FastZCP, inner: FastZCP, how: str, put: Put, **options: Any) -> None:
    app.mount(inner if how == "local" else put(inner).session(), **options)


async def task_until(
    client: ZCPClientSession, task_id: str, condition: Callable[[Any], Any]
) -> dict[str, Any]:
    with anyio.fail_after(20):
        while True:
            task: dict[str, Any] = (await client.get_task(task_id))["task"]
            if condition(task):
                return task
            await anyio.sleep(0.01)


async def test_scopes_of_the_mount_are_needed_for_all_it_brings(how: str, site: Put) -> None:
    app = make_app("Roof")
    mount(app, weather(), how, site, prefix="w", required_scopes=["weather"])
    async with roof(app) as here:
        stranger = await here.client(Principal("eve", scopes=frozenset()))
        friend = await here.client(Principal("ann", scopes=frozenset({"weather"})))
        for call in (
            lambda: stranger.call_tool("w.lookup", {"city": "X"}),
            lambda: stranger.read_resource("docs://faq"),
            lambda: stranger.read_resource("docs://page/1"),
            lambda: stranger.get_prompt("w.summary", {"city": "X"}),
            lambda: stranger.create_task("w.crunch", {"n": 1}),
            lambda: stranger.subscribe_resource("docs://faq"),
            lambda: stranger.complete("w.summary", "city", "H"),
        ):
            with pytest.raises(RemoteError, match="missing_scopes:weather"):
                await call()
        assert await text(friend, "w.lookup", city="X") == "X: 24"


async def test_a_mounted_apps_own_scopes_still_count(site: Put) -> None:
    inner = make_app("Inner")

    @inner.tool(required_scopes=["inner"])
    async def secret() -> str:
        return "secret"

    app = make_app("Roof")
    app.mount(inner, required_scopes=["outer"])
    async with roof(app) as here:
        half = await here.client(Principal("eve", scopes=frozenset({"outer"})))
        with pytest.raises(RemoteError, match="missing_scopes:inner"):
            await half.call_tool("secret")


async def test_what_the_outer_app_hides_cannot_be_called(how: str, site: Put) -> None:
    class OnlyLookup:
        name = "only-lookup"

        def select(self, tools: Any, request: Any) -> Any:
            return [tool for tool in tools if tool.name.endswith("lookup")]

    class Plugin:
        @hookimpl
        def zcp_exposure_profiles(self, config: Any) -> Any:
            return [OnlyLookup()]

    inner = weather()
    inner.tool(name="hidden")(weather)
    app = make_app("Roof", plugins=[Plugin()], default_tool_profiles={"echo": "only-lookup"})
    mount(app, inner, how, site)
    async with roof(app, {"exposure": ToolExposureConfig()}) as here:
        client = await here.client()
        assert await names(client) == ["lookup"]
        assert await text(client, "weather-station.lookup", city="X") == "X: 24"
        for name in ("hidden", "weather-station.hidden"):
            with pytest.raises(RemoteError, match=f"not_found:{name}"):
                await client.call_tool(name)


async def test_groups_of_mounted_tools_are_filters(how: str, site: Put) -> None:
    inner = weather()
    inner.tool(name="marked", meta={"groups": ["workflow"]})(weather)
    app = make_app("Roof")
    mount(app, inner, how, site)
    async with roof(app) as here:
        listed = await (await here.client()).list_tools(groups=["workflow"])
        assert [tool["name"] for tool in listed["tools"]] == ["marked"]


async def test_tasks_run_upstream_and_are_cancelled_there(how: str, site: Put) -> None:
    inner = weather()
    ended: list[str] = []

    @inner.tool(execution={"taskSupport": "optional"})
    async def brew(ctx: Context, task: Any = None) -> str:
        if task is None:
            return "no task"
        try:
            await task.update_status("brewing")
            await anyio.sleep_forever()
        finally:
            ended.append("brew")
        return ""

    @inner.tool(execution={"taskSupport": "required"})
    async def approve(task: Any) -> str:
        action, content = await task.elicit("Approve?", {"type": "object", "properties": {}})
        return f"{action} {content}"

    app = make_app("Roof")
    mount(app, inner, how, site, prefix="w")
    async with roof(app) as here:
        client = await here.client(elicitation_handler=lambda request: ("accept", {"ok": 1}))
        assert await text(client, "w.brew") == "no task"
        created = await client.call_tool_as_task("w.brew")
        task_id = created["task"]["taskId"]
        await task_until(client, task_id, lambda task: task.get("statusMessage") == "brewing")
        await client.cancel_task(task_id)
        await until(lambda: ended == ["brew"])
        created = await client.call_tool_as_task("w.approve")
        result = await client.get_task_result(created["task"]["taskId"])
        assert result["content"][0]["text"] == "accept {'ok': 1}"


async def test_a_task_without_hooks_waits_for_an_answer(how: str, site: Put) -> None:
    inner = weather()

    @inner.tool(execution={"taskSupport": "required"})
    async def approve(task: Any) -> str:
        return str((await task.elicit("Approve?", {"type": "object", "properties": {}})).action)

    app = make_app("Roof")
    mount(app, inner, how, site, prefix="w")
    async with roof(app) as here:
        client = await here.client()
        task_id = (await client.call_tool_as_task("w.approve"))["task"]["taskId"]
        task = await task_until(client, task_id, lambda task: task.get("inputRequests"))
        [key] = task["inputRequests"]
        await client.answer_task(task_id, key, {"action": "decline"})
        result = await client.get_task_result(task_id)
        assert result["content"][0]["text"] == "decline"


async def test_watched_resources_are_watched_upstream(how: str, site: Put) -> None:
    inner = weather()
    app = make_app("Roof")

    @app.resource("docs://faq")
    def own() -> str:
        return "own"

    mount(app, inner, how, site)
    updated: dict[str, list[str]] = {"Ann": [], "Bob": []}
    async with roof(app) as here:

        def hear(name: str) -> Callable[[str, Any], None]:
            return lambda method, params: updated[name].append(params.get("uri", ""))

        ann = await here.client(notification_handler=hear("Ann"))
        await here.client(notification_handler=hear("Bob"))
        await ann.subscribe_resource("weather-station.docs://faq")
        await ann.subscribe_resource("docs://page/1")
        inner.notify_resource_updated("docs://faq")
        inner.notify_resource_updated("docs://page/1")
        inner.notify_resource_updated("docs://page/2")
        await until(lambda: len([uri for uri in updated["Ann"] if uri]) >= 2)
        assert sorted(uri for uri in updated["Ann"] if uri) == [
            "docs://page/1", "weather-station.docs://faq",
        ]  # fmt: skip
        await ann.unsubscribe_resource("docs://page/1")
        inner.notify_resource_updated("docs://page/1")
        inner.notify_resource_updated("docs://faq")
        await until(lambda: len([uri for uri in updated["Ann"] if uri]) >= 3)
        assert updated["Ann"].count("docs://page/1") == 1
        assert not any(updated["Bob"])


async def test_a_large_result_stays_here_and_is_read_here(how: str, site: Put) -> None:
    inner = make_app("Large")
    rows = [{"n": number, "text": "x" * 20} for number in range(2000)]
    rows.append({"n": -1, "text": "y" * 70_000})

    @inner.tool
    async def table() -> list[dict[str, Any]]:
        return rows

    app = make_app("Roof")
    mount(app, inner, how, site)
    async with roof(app, {"tools": ToolsSection(inline_max_bytes=1000)}) as here:
        client = await here.client()
        result = await client.call_tool("table")
        handle = result["handle"]["id"]
        assert result["handle"]["count"] == 2001
        assert (await client.read_handle(handle, "/1999/n"))["value"] == 1999
        last = await client.read_handle(handle, "/2000/text")
        assert last["value"].startswith("yyy")
        assert last["total"] == 70_000


async def test_lifespans_of_mounted_apps_are_entered_once() -> None:
    lines: list[str] = []

    def diary(name: str) -> Any:
        @asynccontextmanager
        async def lifespan(app: FastZCP) -> Any:
            lines.append(f"enter {name}")
            yield
            lines.append(f"leave {name}")

        return lifespan

    outer = make_app("Outer", lifespan=diary("outer"))
    inner = make_app("Inner", lifespan=diary("inner"))
    late = make_app("Late", lifespan=diary("late"))
    other = make_app("Other")
    outer.mount(inner, prefix="one")
    other.mount(inner)
    outer.mount(other, prefix="two")
    async with roof(outer):
        assert lines == ["enter outer", "enter inner"]
        outer.mount(late)
        await until(lambda: "enter late" in lines)
    await until(lambda: len(lines) == 6)
    assert lines[:3] == ["enter outer", "enter inner", "enter late"]
    assert lines[-1] == "leave outer"


async def test_unknown_members_pass_both_ways(site: Put) -> None:
    inner = make_app("Vendor")
    seen: list[Any] = []

    @inner.tool(meta={"vendor/card": {"a": 1}})
    async def odd(ctx: Context) -> Any:
        seen.append((dict(ctx.meta or {}), ctx.extras))
        return {"n": 1}

    app = make_app("Roof")
    app.mount(site(inner).session())
    async with roof(app) as here:
        client = await here.client()
        [tool] = (await client.list_tools())["tools"]
        assert tool["_meta"]["vendor/card"] == {"a": 1}
        await client.request(
            "tools/call",
            {"name": "odd", "arguments": {}, "vendorField": [1],
             "_meta": {"vendor/trace": "t", "zcp/call": 99, "io.modelcontextprotocol/x": 1}},
        )  # fmt: skip
        [(meta, extras)] = seen
        assert meta["vendor/trace"] == "t"
        assert "io.modelcontextprotocol/x" not in meta
        assert meta["zcp/call"] != 99
        assert extras == {"vendorField": [1]}
