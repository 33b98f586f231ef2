"""Composition: what is wrong with plugins or configuration stops it with a readable error."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import frozen
from harness import connected, make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.config import HandlesSection, ServerConfig, ServerSection, TasksSection
from zcp_kernel.contracts import Operation
from zcp_kernel.errors import ConfigError, MethodNotFound, PluginError, RegistrationError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.model import Empty, PingResult
from zcp_kernel.registry import Registry

ANY = {"type": "object"}


@pytest.mark.parametrize(
    ("section", "value", "message"),
    [
        ("tasks", TasksSection(store="redis"), r"\[tasks\] store = 'redis': no such TaskStore"),
        ("handles", HandlesSection(store="s3"), r"\[handles\] store = 's3': no such HandleStore"),
    ],
)
def test_a_store_nobody_brings_stops_the_start(section: str, value: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=f"{message}; known: memory. Is the plugin"):
        make_app().compose(ServerConfig({section: value}))


def test_a_plugin_that_raises_while_it_registers_is_named() -> None:
    class Broken:
        name = "broken"

        @hookimpl
        def zcp_register(self, registry: Registry) -> None:
            raise LookupError("no such table")

    with pytest.raises(PluginError, match=r"'broken'.*zcp_register.*LookupError: no such table"):
        make_app(plugins=[Broken()]).compose(ServerConfig())


def test_a_hook_nobody_knows_and_an_argument_nobody_gives_stop_the_start() -> None:
    class Misspelt:
        name = "misspelt"

        @hookimpl
        def zcp_registre(self, registry: Registry) -> None: ...

    class Demanding:
        name = "demanding"

        @hookimpl
        def zcp_register(self, registry: Registry, weather: Any) -> None: ...

    with pytest.raises(PluginError, match=r"'misspelt'.*zcp_registre"):
        make_app(plugins=[Misspelt()]).compose(ServerConfig())
    with pytest.raises(PluginError, match=r"'demanding'.*weather"):
        make_app(plugins=[Demanding()]).compose(ServerConfig())


def test_plugins_that_want_one_name_are_an_error_and_leave_the_app_alone() -> None:
    class Adds:
        def __init__(self, name: str) -> None:
            self.name = name

        @hookimpl
        def zcp_register(self, registry: Registry) -> None:
            registry.tool(name="same", input_schema=ANY)(lambda: 1)

    app = make_app(plugins=[Adds("one"), Adds("two")])
    with pytest.raises(RegistrationError, match="tool 'same'"):
        app.compose(ServerConfig())
    assert len(app.tools) == 0


async def shout(params: Any, ctx: Any) -> PingResult:
    return PingResult()


class Extends:
    """A plugin with an operation of a protocol extension."""

    name = "extends"

    @hookimpl
    def zcp_operations(self) -> list[Operation]:
        return [Operation("acme/shout", Empty, PingResult, shout, extension="acme")]


@pytest.mark.anyio
async def test_a_plugins_operation_is_served_and_its_extension_declared() -> None:
    async with connected(make_app(plugins=[Extends()])) as client:
        assert await client.request("acme/shout", {}) == {"ok": True}
    async with connected(make_app()) as client:
        with pytest.raises(Exception, match="not_found:acme/shout"):
            await client.request("acme/shout", {})


def test_an_operation_that_stands_already_is_an_error() -> None:
    class Usurper:
        name = "usurper"

        @hookimpl
        def zcp_operations(self) -> list[Operation]:
            return [Operation("tools/call", Empty, PingResult, shout)]

    with pytest.raises(PluginError, match=r"'usurper'.*'tools/call', already brought by .*kernel"):
        make_app(plugins=[Usurper()]).compose(ServerConfig())


@pytest.mark.anyio
async def test_parts_of_a_kernel_run_operations_by_name() -> None:
    app, seen = make_app(plugins=[Extends()]), list[Any]()

    @app.tool(name="x", input_schema=ANY)
    async def tool(ctx: Any) -> None:
        seen.append(await ctx.kernel.execute("acme/shout", Empty(), ctx))
        with pytest.raises(MethodNotFound):
            await ctx.kernel.execute("acme/whisper", Empty(), ctx)

    async with connected(app) as client:
        assert not (await client.call_tool("x", {}))["isError"]
    assert seen == [PingResult()]


@frozen
class Settings:
    """Anything that gives a `ServerConfig` configures an app."""

    name: str

    def server_config(self, host: Any) -> ServerConfig:
        assert host.config_sections()
        return ServerConfig({"server": ServerSection(service_name=self.name)})


@pytest.mark.anyio
async def test_the_name_card_comes_from_the_app_and_the_configuration() -> None:
    app = make_app(
        "Shop",
        version="3.1",
        title="The Shop",
        description="Sells.",
        website_url="https://example.com",
        icons=[{"src": "https://example.com/i.png"}],
        instructions="Ask first.",
    )
    async with connected(app) as client:
        assert client.server_info == {
            "name": "Shop",
            "version": "3.1",
            "title": "The Shop",
            "description": "Sells.",
            "websiteUrl": "https://example.com",
            "icons": [{"src": "https://example.com/i.png"}],
        }
        assert (await client.initialize())["instructions"] == "Ask first."
    kernel = app.compose(Settings("shop-7"))
    introduction = kernel.introduction(kernel.dialects["echo"].revision())
    assert introduction.server_info.name == "shop-7"


def test_an_app_without_configuration_reads_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ZCP_SERVER__PAGE_SIZE", "7")
    assert FastZCP("x", discover=False).compose().config.section("server").page_size == 7
    monkeypatch.setenv("ZCP_NOBODY__X", "7")
    with pytest.raises(ConfigError, match="nobody"):
        FastZCP("x", discover=False).compose()
