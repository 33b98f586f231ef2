"""Which tools a client sees and may call: profiles, groups, stages, and what configuration says."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from attrs import frozen
from harness import connected, make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.config import ServerConfig, ToolExposureConfig
from zcp_kernel.errors import ConfigError, RegistrationError, RemoteError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.model import ListToolsParams, ToolDefinition
from zcp_kernel.runtime import Kernel

pytestmark = pytest.mark.anyio

ANY = {"type": "object"}
TAGS: dict[str, Any] = {
    "plain": {},
    "read": {"groups": ["data"]},
    "write": {"groups": ["data", "danger"]},
    "plan": {"groups": ["flow"], "stages": ["before"]},
    "review": {"groups": ["flow"], "stages": ["after", "late"]},
}


@frozen
class Some:
    """A profile of the tools it names, in its own order."""

    name: str
    tools: tuple[str, ...]

    def select(
        self, tools: Sequence[ToolDefinition], request: ListToolsParams
    ) -> Sequence[ToolDefinition]:
        known = {tool.name: tool for tool in tools}
        return [known[name] for name in self.tools if name in known]


class Profiles:
    name = "profiles"

    @hookimpl
    def zcp_exposure_profiles(self) -> list[Some]:
        return [Some("few", ("write", "read")), Some("flow", ("review", "plan", "read"))]


def shop(**options: Any) -> FastZCP:
    app = make_app(plugins=[Profiles()], **options)
    for name, tags in TAGS.items():

        async def handler(ran: str = name) -> str:
            return ran

        app.tool(name=name, input_schema=ANY, meta=tags)(handler)
    return app


def client_of(app: FastZCP, **exposure: Any) -> AbstractAsyncContextManager[ZCPClientSession]:
    return connected(app, sections={"exposure": ToolExposureConfig(**exposure)})


async def names(client: ZCPClientSession, **asked: Any) -> list[str]:
    return [tool["name"] for tool in (await client.list_tools(**asked))["tools"]]


async def test_without_a_profile_everything_is_shown_in_order_of_registration() -> None:
    async with client_of(shop()) as client:
        answer = await client.list_tools()
        assert [tool["name"] for tool in answer["tools"]] == list(TAGS)
        assert "profile" not in answer


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ({"groups": ["data"]}, ["read", "write"]),
        ({"groups": ["data", "flow"]}, ["read", "write", "plan", "review"]),
        ({"groups": ["nobody's"]}, []),
        ({"exclude_groups": ["danger"]}, ["plain", "read", "plan", "review"]),
        ({"groups": ["data"], "exclude_groups": ["danger"]}, ["read"]),
        ({"stages": ["before"]}, ["plan"]),
        ({"stages": ["late", "before"]}, ["plan", "review"]),
        ({"groups": ["flow"], "stages": ["after"]}, ["review"]),
        ({"groups": []}, list(TAGS)),
        ({"profile": "few"}, ["write", "read"]),
        ({"profile": "few", "exclude_groups": ["danger"]}, ["read"]),
    ],
)
async def test_narrowing_is_always_allowed(asked: dict[str, Any], seen: list[str]) -> None:
    async with client_of(shop()) as client:
        assert await names(client, **asked) == seen
        assert await names(client) == list(TAGS), "one request says nothing about the next"


async def test_an_unknown_profile_is_an_error_that_names_the_known() -> None:
    async with client_of(shop()) as client:
        with pytest.raises(RemoteError, match="not_found:many: no such profile; known: few, flow"):
            await client.list_tools(profile="many")


async def test_the_default_view_holds_for_lists_and_for_calls() -> None:
    async with client_of(shop(), default_profiles={"echo": "few"}) as client:
        answer = await client.list_tools()
        assert [tool["name"] for tool in answer["tools"]] == ["write", "read"]
        assert answer["profile"] == "few"
        assert (await client.call_tool("read", {}))["content"][0]["text"] == "read"
        with pytest.raises(RemoteError, match="not_found:plan"):
            await client.call_tool("plan", {})


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ({"profile": "flow"}, ["read"]),
        ({"groups": ["flow"]}, []),
        ({"groups": ["danger"]}, ["write"]),
        ({"profile": "few"}, ["write", "read"]),
    ],
)
async def test_a_client_cannot_widen_the_servers_view(
    asked: dict[str, Any], seen: list[str]
) -> None:
    async with client_of(shop(), default_profiles={"echo": "few"}) as client:
        assert await names(client, **asked) == seen


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ({}, ["write", "read"]),
        ({"profile": "flow"}, ["review", "plan", "read"]),
        ({"groups": ["flow"]}, ["plan", "review"]),
    ],
)
async def test_unless_the_server_lets_it(asked: dict[str, Any], seen: list[str]) -> None:
    exposure = {"default_profiles": {"echo": "few"}, "allow_client_filters": True}
    async with client_of(shop(), **exposure) as client:
        assert await names(client, **asked) == seen
        assert not (await client.call_tool("plan", {}))["isError"]


async def test_visibility_may_be_for_the_eyes_only() -> None:
    exposure = {"default_profiles": {"echo": "few"}, "enforce_visibility": False}
    async with client_of(shop(), **exposure) as client:
        assert await names(client) == ["write", "read"]
        assert not (await client.call_tool("plan", {}))["isError"]


async def test_a_tool_added_later_joins_the_view_its_profile_says() -> None:
    app = shop()
    app.tools.remove("read")
    async with client_of(app, default_profiles={"echo": "few"}) as client:
        assert await names(client) == ["write"]
        with pytest.raises(RemoteError, match="not_found:read"):
            await client.call_tool("read", {})

        @app.tool(name="read", input_schema=ANY)
        async def read() -> int:
            return 1

        assert await names(client) == ["write", "read"]
        assert (await client.call_tool("read", {}))["structuredContent"] == 1


# -- what the app and the configuration say --------------------------------------------------------


def shown(kernel: Kernel, surface: str) -> list[str]:
    return [tool.name for tool in kernel.exposure.base(surface).tools]


def test_the_default_profile_of_an_app_is_the_native_planes_alone() -> None:
    kernel = shop(default_tool_profile="few").compose(ServerConfig())
    assert shown(kernel, "native") == ["write", "read"]
    assert shown(kernel, "mcp") == list(TAGS)
    assert kernel.exposure.shows("plan", "mcp")
    assert not kernel.exposure.shows("plan", "native")


def test_each_surface_may_have_its_own() -> None:
    profiles = {"native": "few", "mcp": "flow"}
    kernel = shop(default_tool_profiles=profiles).compose(ServerConfig())
    assert shown(kernel, "native") == ["write", "read"]
    assert shown(kernel, "mcp") == ["review", "plan", "read"]


def configured(app: FastZCP, **exposure: Any) -> Kernel:
    return app.compose(ServerConfig({"exposure": ToolExposureConfig(**exposure)}))


def test_app_and_configuration_may_agree_or_complete_each_other() -> None:
    app = shop(default_tool_profile="few")
    assert shown(configured(app, default_profile="few"), "native") == ["write", "read"]
    kernel = configured(app, default_profiles={"mcp": "flow"})
    assert shown(kernel, "mcp") == ["review", "plan", "read"]
    assert shown(kernel, "native") == ["write", "read"]


@pytest.mark.parametrize(
    "exposure", [{"default_profile": "flow"}, {"default_profiles": {"native": "flow"}}]
)
def test_app_and_configuration_that_disagree_stop_the_start(exposure: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"app exposes 'few' on surface 'native'.*'flow'"):
        configured(shop(default_tool_profile="few"), **exposure)


@pytest.mark.parametrize("surface", ["native", "mcp"])
def test_a_default_profile_nobody_brings_stops_the_start(surface: str) -> None:
    with pytest.raises(ConfigError, match=r"'many' of surface .* does not exist; known: few, flow"):
        configured(shop(), default_profiles={surface: "many"})


@pytest.mark.parametrize("tags", [{"groups": "data"}, {"stages": [1]}])
def test_tags_that_are_no_list_of_strings_are_refused(tags: dict[str, Any]) -> None:
    app = make_app()
    with pytest.raises(RegistrationError, match=r"must be a list of strings.*test_exposure\.py:"):
        app.tool(name="x", input_schema=ANY, meta=tags)(lambda: None)


def test_tags_may_be_spelt_three_ways() -> None:
    app = make_app()
    ways: list[dict[str, Any]] = [
        {"meta": {"groups": ["a"]}},
        {"metadata": {"groups": ["a"]}},
        {"metadata": {"_meta": {"groups": ["a"]}}},
    ]
    for number, way in enumerate(ways):
        app.tool(name=f"t{number}", input_schema=ANY, **way)(lambda: None)
    assert [tool.groups for tool in app.tools] == [frozenset({"a"})] * 3
    assert [tool.definition.meta for tool in app.tools] == [{"groups": ["a"]}] * 3
