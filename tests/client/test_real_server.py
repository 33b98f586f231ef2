"""The session against the real kernel, in every dialect a pipe can carry."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import anyio
import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.errors import ConfigError, ConnectionLost, RemoteError
from zcp_transport_stdio.client import stdio_client
from zcp_transport_stdio.inprocess import stdio_server

pytestmark = pytest.mark.anyio

NATIVE = "zcp/1"
REVISIONS = [NATIVE, "2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]

Connect = Callable[..., Awaitable[ZCPClientSession]]


def make_app() -> FastZCP:
    app = FastZCP("Demo", version="2.0", instructions="Be kind.")

    @app.tool(
        name="math.add",
        input_schema={
            "type": "object",
            "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            "required": ["a", "b"],
            "additionalProperties": False,
        },
        output_mode="scalar",
        inline_ok=True,
    )
    def add(a: int, b: int) -> Any:
        return {"sum": a + b}

    @app.tool
    async def narrate(steps: int, ctx: Any = None) -> str:
        for step in range(steps):
            await ctx.log("info", f"step {step}")
            await ctx.report_progress(step + 1, steps)
        return "done"

    @app.tool
    async def forever(ctx: Any = None) -> str:
        app_state["running"].set()
        try:
            await anyio.sleep_forever()
        finally:
            app_state["stopped"].set()
        return "never"

    @app.tool
    async def ask(ctx: Any = None) -> Any:
        answer = await ctx.elicit(
            "Where?", {"type": "object", "properties": {"city": {"type": "string"}}}
        )
        draft = await ctx.create_message("hi", max_tokens=5)
        roots = await ctx.list_roots()
        return {
            "city": answer.content["city"],
            "draft": draft.content.text,
            "roots": [root.uri for root in roots.roots],
        }

    @app.resource("docs://faq", name="FAQ", mime_type="text/plain")
    def faq() -> str:
        return "Nothing is asked frequently."

    @app.resource_template("weather://city/{name}", name="City", mime_type="application/json")
    def city(uri: str, name: str) -> Any:
        return {"uri": uri, "name": name}

    @app.prompt(name="summary", arguments=[{"name": "city", "required": True}])
    def summary(city: str) -> Any:
        return [{"role": "user", "content": f"Summarize {city}"}]

    @app.completion("summary")
    def complete_city(request: Any) -> Any:
        return [c for c in ("Hangzhou", "Beijing") if c.lower().startswith(request.value.lower())]

    app_state: dict[str, anyio.Event] = {"running": anyio.Event(), "stopped": anyio.Event()}
    app.state = app_state  # type: ignore[attr-defined]
    return app


@pytest.fixture(params=REVISIONS)
def revision(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def connect(anyio_backend: str) -> AsyncIterator[Connect]:
    made: list[ZCPClientSession] = []

    async def one(target: Any, **hooks: Any) -> ZCPClientSession:
        client = stdio_client(target, **hooks)
        made.append(client)
        await client.initialize()
        await client.initialized()
        return client

    yield one
    for client in made:
        await client.close()


def text_of(result: dict[str, Any]) -> str:
    return "".join(block.get("text", "") for block in result["content"])


async def test_the_handshake(connect: Connect, revision: str) -> None:
    client = await connect(make_app(), revision=revision)
    agreed = await client.initialize()
    assert agreed["protocolVersion"] == client.protocol_version == revision
    assert agreed["serverInfo"]["name"] == "Demo"
    assert agreed["instructions"] == "Be kind."
    assert await client.ping() == {"ok": True}


async def test_native_comes_first_and_mcp_may_be_preferred(connect: Connect) -> None:
    server = stdio_server(make_app())
    assert (await connect(server)).protocol_version == NATIVE
    assert (await connect(server, prefer=["mcp"])).protocol_version == "2026-07-28"


async def test_a_server_of_mcp_alone_is_met_on_its_terms(connect: Connect) -> None:
    server = stdio_server(make_app())
    dialects = list(server.dialects)
    del server._composed().dialects["native"]
    client = await connect(server, dialects=dialects)
    assert client.protocol_version == "2026-07-28"
    assert (await client.call_tool("math.add", {"a": 1, "b": 2}))["isError"] is False


async def test_tools(connect: Connect, revision: str) -> None:
    client = await connect(make_app(), revision=revision)
    listed = await client.list_tools()
    assert [tool["name"] for tool in listed["tools"]] == ["math.add", "narrate", "forever", "ask"]
    result = await client.call_tool("math.add", {"a": 2, "b": 3})
    assert result["isError"] is False
    if revision in (NATIVE, "2025-06-18", "2025-11-25"):
        assert result["structuredContent"] == {"sum": 5}
    if revision != NATIVE:
        assert text_of(result) == '{"sum":5}'
    with pytest.raises(RemoteError, match="not_found:nope"):
        await client.call_tool("nope", {})


async def test_resources_and_prompts(connect: Connect, revision: str) -> None:
    client = await connect(make_app(), revision=revision)
    assert [r["uri"] for r in (await client.list_resources())["resources"]] == ["docs://faq"]
    templates = (await client.list_resource_templates())["resourceTemplates"]
    assert "weather://city/{name}" in [t["uriTemplate"] for t in templates]
    (content,) = (await client.read_resource("docs://faq"))["contents"]
    assert content["text"] == "Nothing is asked frequently."
    (content,) = (
        await client.read_resource("weather://city/{name}", arguments={"name": "São Paulo"})
    )["contents"]
    assert '"name":"São Paulo"' in content["text"]
    assert [p["name"] for p in (await client.list_prompts())["prompts"]] == ["summary"]
    (message,) = (await client.get_prompt("summary", {"city": "Rome"}))["messages"]
    assert message["content"]["text"] == "Summarize Rome"
    completed = await client.complete("summary", "city", "h")
    assert completed["completion"]["values"] == ["Hangzhou"]


async def test_progress_and_logs_arrive_in_order(connect: Connect, revision: str) -> None:
    logs: list[Any] = []
    progress: list[Any] = []
    client = await connect(make_app(), revision=revision, log_handler=logs.append)
    await client.call_tool("narrate", {"steps": 3}, progress=progress.append)
    assert [entry["data"] for entry in logs] == ["step 0", "step 1", "step 2"]
    assert [(p["progress"], p["total"]) for p in progress] == [(1, 3), (2, 3), (3, 3)]
    await client.set_logging_level("error")
    await client.call_tool("narrate", {"steps": 1})
    assert len(logs) == 3


async def test_updates_of_a_resource_arrive(connect: Connect, revision: str) -> None:
    seen: list[Any] = []
    app = make_app()

    def handler(method: str, params: Any) -> None:
        seen.append((method, params.get("uri")))

    client = await connect(app, revision=revision, notification_handler=handler)
    await client.subscribe_resource("docs://faq")
    app.notify_resource_updated("docs://faq")
    await anyio.wait_all_tasks_blocked()
    await client.unsubscribe_resource("docs://faq")
    app.notify_resource_updated("docs://faq")
    await anyio.wait_all_tasks_blocked()
    assert seen == [("notifications/resources/updated", "docs://faq")]


async def test_hooks(connect: Connect) -> None:
    client = await connect(
        make_app(),
        roots_provider=lambda: [{"uri": "file:///workspace", "name": "workspace"}],
        sampling_handler=lambda request: {"role": "assistant", "content": "Sampled reply"},
        elicitation_handler=lambda request: {"accepted": True, "data": {"city": "Hangzhou"}},
    )
    for session in (client, await _like(connect, client, "2025-06-18")):
        result = await session.call_tool("ask", {})
        assert result["structuredContent"] == {
            "city": "Hangzhou",
            "draft": "Sampled reply",
            "roots": ["file:///workspace"],
        }


async def _like(connect: Connect, client: ZCPClientSession, revision: str) -> ZCPClientSession:
    hooks = client._hooks
    return await connect(
        make_app(),
        revision=revision,
        roots_provider=hooks.roots_provider,
        sampling_handler=hooks.sampling_handler,
        elicitation_handler=hooks.elicitation_handler,
    )


async def test_cancelling_a_call_stops_the_handler(connect: Connect, revision: str) -> None:
    app = make_app()
    client = await connect(app, revision=revision)
    state: dict[str, anyio.Event] = app.state  # type: ignore[attr-defined]
    async with anyio.create_task_group() as group:
        group.start_soon(client.call_tool, "forever", {})
        with anyio.fail_after(5):
            await state["running"].wait()
        group.cancel_scope.cancel()
    with anyio.fail_after(5):
        await state["stopped"].wait()
    assert await client.ping() == {"ok": True}


async def test_a_server_that_closes_and_comes_back(connect: Connect) -> None:
    server = stdio_server(make_app())
    client = await connect(server)

    async def close() -> None:
        await anyio.wait_all_tasks_blocked()
        await server.aclose()

    with anyio.fail_after(10):
        async with anyio.create_task_group() as group:
            group.start_soon(close)
            with pytest.raises(ConnectionLost):
                await client.call_tool("forever", {})
        assert await client.ping() == {"ok": True}


async def test_two_clients_of_one_server(connect: Connect) -> None:
    server = stdio_server(make_app())
    first, second = await connect(server), await connect(server, revision="2025-06-18")
    async with anyio.create_task_group() as group:
        for client in (first, second):
            for number in range(5):
                group.start_soon(client.call_tool, "math.add", {"a": number, "b": 1})
    await first.close()
    assert await second.ping() == {"ok": True}


async def test_leaving_a_session_open_and_another_loop(anyio_backend: str) -> None:
    async with stdio_client(stdio_server(make_app())) as client:
        assert (await client.list_tools())["tools"]


def test_one_server_in_two_event_loops(anyio_backend: str) -> None:
    server = stdio_server(make_app())
    client = stdio_client(server)

    async def main() -> Any:
        await client.initialize()
        await client.initialized()
        return (await client.call_tool("math.add", {"a": 2, "b": 3}))["structuredContent"]

    assert anyio.run(main, backend=anyio_backend) == {"sum": 5}
    assert anyio.run(main, backend=anyio_backend) == {"sum": 5}


def test_options_of_a_subprocess_do_not_fit_a_server_in_this_process() -> None:
    with pytest.raises(TypeError, match="env: for a server in a subprocess only"):
        stdio_client(stdio_server(make_app()), env={"A": "b"})
    with pytest.raises(ConfigError, match="revision 'zcp/9'"):
        stdio_client(make_app(), revision="zcp/9")
