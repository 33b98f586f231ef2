"""What a third party adds is there, found by its entry point and used over a channel."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from types import ModuleType
from typing import Any

import pytest
from attrs import define
from zcp_kernel.app import FastZCP
from zcp_kernel.contracts import Channel, TaskRecord, Transport
from zcp_kernel.errors import ConfigError, RegistrationError
from zcp_kernel.plugins import PluginHost
from zcp_kernel.testing.task_store import TaskStoreContract

from .conftest import PROJECT

HOOKS = {
    "zcp_config_sections",
    "zcp_transports",
    "zcp_register",
    "zcp_operations",
    "zcp_stages",
    "zcp_exposure_profiles",
    "zcp_stores",
}

MCP = "2025-11-25"


@define
class Peer:
    """A client in the raw: one request after the other over a channel."""

    channel: Channel
    sent: int = 0

    async def open(self, version: str) -> None:
        capabilities: dict[str, Any] = {}
        client = {"name": "raw", "version": "0"}
        await self.ask(
            "initialize",
            {"protocolVersion": version, "capabilities": capabilities, "clientInfo": client},
        )
        notice = "initialized" if version.startswith("zcp/") else "notifications/initialized"
        await self.channel.send(json.dumps({"jsonrpc": "2.0", "method": notice}).encode())

    async def answer(self, method: str, params: Any = None) -> dict[str, Any]:
        """The whole response to one request; notifications before it are passed over."""
        self.sent += 1
        request = {"jsonrpc": "2.0", "id": self.sent, "method": method, "params": params or {}}
        await self.channel.send(json.dumps(request).encode())
        while True:
            message: dict[str, Any] = json.loads(await self.channel.receive())
            if message.get("id") == self.sent:
                return message

    async def ask(self, method: str, params: Any = None) -> Any:
        response = await self.answer(method, params)
        assert "error" not in response, response
        return response["result"]


def acme_transport() -> Transport:
    (found,) = [one for one in PluginHost().transports() if "acme" in one.schemes]
    return found


@pytest.fixture
def app() -> Iterator[FastZCP]:
    """An app that `acme:zcp_acme_demo:app` names, with one tool of its own."""
    app = FastZCP("Demo")

    @app.tool(name="demo.add")
    def add(a: int, b: int) -> int:
        return a + b

    module = ModuleType("zcp_acme_demo")
    module.__dict__["app"] = app
    sys.modules[module.__name__] = module
    yield app
    del sys.modules[module.__name__]


@asynccontextmanager
async def peer(version: str = "zcp/1", **options: Any) -> AsyncIterator[Peer]:
    async with acme_transport().connect("acme:zcp_acme_demo:app", **options) as channel:
        raw = Peer(channel)
        await raw.open(version)
        yield raw


def call(name: str, /, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "arguments": arguments}


# -- found, and from outside -----------------------------------------------------------------------


def test_it_is_found_with_everything_it_brings() -> None:
    (entry,) = [one for one in PluginHost().report() if one.name == "acme"]
    assert (entry.distribution, entry.version) == ("acme-zcp-plugin", "0.3.0")
    assert entry.status == "ok", entry.problem
    assert set(entry.hooks) == HOOKS


def test_it_uses_public_names_only() -> None:
    for path in (PROJECT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [*str(node.module).split("."), *(alias.name for alias in node.names)]
                private = [name for name in names if name.startswith("_") and name != "__future__"]
                assert not private, f"{path.name}:{node.lineno}"


# -- its parts, over its own transport -------------------------------------------------------------


@pytest.mark.anyio
@pytest.mark.parametrize("version", ["zcp/1", MCP])
@pytest.mark.usefixtures("app")
async def test_the_tool_stands_beside_the_apps_own(version: str) -> None:
    async with peer(version) as raw:
        listed = await raw.ask("tools/list")
        assert {tool["name"] for tool in listed["tools"]} == {"demo.add", "acme.greet"}
        result = await raw.ask("tools/call", call("acme.greet", name="Ada"))
        assert "Hello, Ada!" in json.dumps(result)
        assert "5" in json.dumps(await raw.ask("tools/call", call("demo.add", a=2, b=3)))


@pytest.mark.anyio
@pytest.mark.usefixtures("app")
async def test_its_section_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZCP_ACME__GREETING", "Servus")
    async with peer() as raw:
        result = await raw.ask("tools/call", call("acme.greet", name="Ada"))
        assert "Servus, Ada!" in json.dumps(result)


def test_a_wrong_section_stops_the_start(app: FastZCP, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZCP_ACME__GREETINGS", "Servus")
    with pytest.raises(ConfigError, match=r"ZCP_ACME__GREETINGS.*did you mean 'greeting'"):
        app.compose()


@pytest.mark.anyio
@pytest.mark.usefixtures("app")
async def test_the_operation_answers_natively() -> None:
    async with peer() as raw:
        said = await raw.ask("acme/echo", {"text": "hello"})
        assert said == {"text": "hello", "saidBy": "local"}
        refused = await raw.answer("acme/echo", {"text": "x" * 1001})
        assert refused["error"]["code"] == -32602
        wrong = await raw.answer("acme/echo", {"text": 7})
        assert wrong["error"]["code"] == -32602


@pytest.mark.anyio
@pytest.mark.usefixtures("app")
async def test_the_operation_is_not_offered_to_mcp() -> None:
    async with peer(MCP) as raw:
        assert (await raw.answer("acme/echo", {"text": "x"}))["error"]["code"] == -32601


@pytest.mark.anyio
@pytest.mark.usefixtures("app")
async def test_the_stage_stands_around_every_call_of_its_composition() -> None:
    async def stamp(raw: Peer) -> int:
        result = await raw.ask("tools/call", call("demo.add", a=1, b=1))
        number = result["_meta"]["acme/call"]
        assert isinstance(number, int)
        return number

    async with peer() as one, peer() as other:
        assert [await stamp(one), await stamp(one), await stamp(other)] == [1, 2, 1]
        assert "acme/call" not in json.dumps(await one.ask("acme/echo", {"text": "x"}))


@pytest.mark.anyio
@pytest.mark.usefixtures("app")
async def test_the_profile_selects_when_it_is_asked_for() -> None:
    async with peer() as raw:
        listed = await raw.ask("tools/list", {"profile": "acme-only"})
        assert [tool["name"] for tool in listed["tools"]] == ["acme.greet"]


@pytest.mark.anyio
@pytest.mark.parametrize("chosen", [True, False])
async def test_the_store_is_used_only_when_configuration_names_it(
    chosen: bool, app: FastZCP, monkeypatch: pytest.MonkeyPatch
) -> None:
    @app.task("demo.wait")
    def wait(payload: dict[str, Any]) -> str:
        return "done"

    stored: list[TaskRecord] = []
    from acme_zcp.task_store import AcmeTaskStore

    create = AcmeTaskStore.create

    async def spy(store: AcmeTaskStore, record: TaskRecord) -> None:
        stored.append(record)
        await create(store, record)

    monkeypatch.setattr(AcmeTaskStore, "create", spy)
    if chosen:
        monkeypatch.setenv("ZCP_TASKS__STORE", "acme")
    async with peer() as raw:
        created = await raw.ask("tasks/create", {"kind": "demo.wait", "input": {}})
        assert await raw.ask("tasks/result", {"taskId": created["taskId"]}) == "done"
    assert [one.descriptor.task_id for one in stored] == ([created["taskId"]] if chosen else [])


def test_a_store_nobody_brings_stops_the_start(
    app: FastZCP, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZCP_TASKS__STORE", "acne")
    with pytest.raises(ConfigError, match="acne"):
        app.compose()


@pytest.mark.anyio
@pytest.mark.usefixtures("app")
async def test_the_transport_takes_its_own_targets_only() -> None:
    transport = acme_transport()
    for target in ("acme:", "acme:zcp_acme_demo", "other:zcp_acme_demo:app"):
        with pytest.raises(ValueError, match="not of the form"):
            transport.connect(target)
    sys.modules["zcp_acme_demo"].__dict__["number"] = 3
    with pytest.raises(ValueError, match="is a int, not a FastZCP"):
        transport.connect("acme:zcp_acme_demo:number")


# -- what composing does not do --------------------------------------------------------------------


def test_composing_leaves_the_apps_own_registry_alone(app: FastZCP) -> None:
    composed = [app.compose(), app.compose()]
    assert len(composed) == 2
    assert [tool.definition.name for tool in app.tools] == ["demo.add"]


def test_a_name_the_app_has_already_is_an_error(app: FastZCP) -> None:
    @app.tool(name="acme.greet")
    def greet() -> str:
        return "mine"

    with pytest.raises(RegistrationError, match=r"acme\.greet"):
        app.compose()


@pytest.mark.anyio
@pytest.mark.usefixtures("app")
async def test_disabled_it_adds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    from acme_zcp.transport import AcmeTransport

    monkeypatch.setenv("ZCP_PLUGINS_DISABLED", "acme")
    assert not [one for one in PluginHost().transports() if "acme" in one.schemes]
    async with AcmeTransport().connect("acme:zcp_acme_demo:app") as channel:
        raw = Peer(channel)
        await raw.open("zcp/1")
        listed = await raw.ask("tools/list")
        assert [tool["name"] for tool in listed["tools"]] == ["demo.add"]
        assert (await raw.answer("acme/echo", {"text": "x"}))["error"]["code"] == -32601


class TestAcmeTaskStore(TaskStoreContract):
    """The contract suite, subclassed as a plugin author would."""

    @pytest.fixture
    def store(self) -> Any:
        from acme_zcp.task_store import AcmeTaskStore

        return AcmeTaskStore()
