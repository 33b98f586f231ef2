"""Every native message is at most as long as the MCP message for the same content."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.client import ZCPClientSession
from zcp_kernel.context import Context
from zcp_kernel.errors import RemoteError, ToolError
from zcp_kernel.jsontext import dumps, loads
from zcp_kernel.model import CallResult, ImageContent, ResourceLink, TextContent

from .talking import make_app, talking

pytestmark = pytest.mark.anyio

MCP = "2025-11-25"
"""The revision that has as much to say as the native plane."""

HUNDRED = [{"id": n, "name": f"row {n}", "price": n * 1.5, "ok": n % 2 == 0} for n in range(100)]
FORM = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
SAYS_MORE = {("server", "answer to ping"): len('"ok":true')}
"""Messages with content MCP has not: by how much they may be longer."""

NOT_MCP = (b'"kind":"slow",', b"")
"""A task's kind, which MCP does not tell."""

FAULTS = "x"
"""Arguments that do not fit: MCP gets a text, the native plane also each fault as data."""


def everything() -> FastZCP:
    app = make_app(instructions="Be kind.")

    @app.tool(annotations={"readOnlyHint": True}, output_mode="inline")
    def rows() -> list[dict[str, Any]]:
        """A hundred rows."""
        return HUNDRED

    @app.tool
    def add(a: int, b: int = 2) -> int:
        """Add two numbers."""
        return a + b

    @app.tool(input_schema=ANYTHING)
    def record() -> dict[str, Any]:
        return {"city": "Hangzhou", "days": [1, 2], "none": None}

    @app.tool
    def text() -> str:
        return "plain text"

    @app.tool(input_schema=ANYTHING)
    def blocks() -> list[Any]:
        return [TextContent("a"), ImageContent("aGk=", "image/png")]

    @app.tool(input_schema=ANYTHING)
    def link() -> CallResult:
        return CallResult([TextContent("b"), ResourceLink("file:///a", "a")])

    @app.tool
    def broken() -> None:
        raise ToolError("it broke")

    @app.tool
    async def asking(ctx: Context) -> str:
        answer = await ctx.elicit("Which city?", FORM)
        drawn = await ctx.create_message("Draw", max_tokens=10)
        roots = await ctx.list_roots()
        return f"{answer.content} {drawn.model} {len(roots.roots)}"

    @app.tool
    async def telling(ctx: Context) -> None:
        await ctx.report_progress(1, 3, "one")
        await ctx.log("warning", "careful", logger="x", more=1)

    @app.tool(execution={"taskSupport": "optional"})
    async def slow(task: Any = None) -> dict[str, int]:
        if task is not None:
            await task.update_status("working on it")
        return {"done": 1}

    _others(app)
    return app


ANYTHING = {"type": "object"}


def _others(app: FastZCP) -> None:
    @app.resource("memo://a", mime_type="text/plain", description="A memo")
    def memo() -> str:
        return "memo"

    @app.resource_template("memo://{name}", name="memos")
    def memos(name: str) -> dict[str, str]:
        return {"name": name}

    @app.prompt
    def greet(name: str, style: str = "warm") -> str:
        """Greet somebody."""
        return f"Hello {name} {style}"

    @app.completion("greet")
    def names(request: Any) -> list[str]:
        return ["Ada", "Alan"]


async def interact(client: ZCPClientSession) -> None:
    for name in ("rows", "record", "text", "blocks", "link", "broken"):
        await client.call_tool(name, {})
    await client.call_tool("add", {"a": 1})
    await client.call_tool("telling", {}, progress=lambda notice: None)
    for name, arguments in (("add", {"a": FAULTS}), ("nobody", {})):
        with suppress(RemoteError):
            await client.call_tool(name, arguments)
    for listed in ("tools", "resources", "resource_templates", "prompts"):
        await getattr(client, f"list_{listed}")()
    await client.read_resource("memo://a")
    await client.read_resource("memo://b")
    await client.subscribe_resource("memo://a")
    await client.unsubscribe_resource("memo://a")
    await client.get_prompt("greet", {"name": "Ada"})
    await client.complete("greet", "name", "A")
    await client.set_logging_level("debug")
    await client.call_tool("telling", {})
    await client.ping()
    task = (await client.call_tool("slow", {}, task=True))["task"]
    await client.get_task_result(task["taskId"])
    await client.get_task(task["taskId"])
    await client.list_tasks()
    await client.call_tool("asking", {})


def answering(answer: Any) -> Callable[[Any], Any]:
    return lambda request: answer


HOOKS: dict[str, Any] = {
    "roots_provider": lambda: [{"uri": "file:///r", "name": "r"}],
    "sampling_handler": answering("drawn"),
    "elicitation_handler": answering({"action": "accept", "content": {"city": "Rome"}}),
    "log_handler": answering(None),
}


async def frames_of(revision: str) -> list[tuple[tuple[str, str], bytes]]:
    """The frames in order, with what they are: side and method, or the method answered."""
    frames: list[tuple[str, bytes]] = []
    async with talking(everything(), revision, frames=frames, **HOOKS) as client:
        await interact(client)
    methods: dict[Any, str] = {}
    found: list[tuple[tuple[str, str], bytes]] = []
    for side, frame in frames:
        message = loads(frame)
        method = SAME.get(message.get("method"), message.get("method"))
        if method is not None:
            methods[side, message.get("id")] = method
            found.append(((side, method), frame))
        else:
            other = "server" if side == "client" else "client"
            found.append(((side, f"answer to {methods[other, message['id']]}"), frame))
    return found


SAME = {
    "elicitation/create": "elicitation/request",
    "initialized": "notifications/initialized",
}


def by_kind(frames: list[tuple[tuple[str, str], bytes]]) -> dict[tuple[str, str], list[bytes]]:
    found: dict[tuple[str, str], list[bytes]] = defaultdict(list)
    for kind, frame in frames:
        found[kind].append(frame.replace(*NOT_MCP).replace(b'"queued"', b'"working"'))
    return found


async def test_every_native_message_is_at_most_as_long() -> None:
    native, mcp = by_kind(await frames_of("zcp/1")), by_kind(await frames_of(MCP))
    assert native.keys() == mcp.keys()
    assert len(native) > 40
    longer: list[tuple[bytes, bytes]] = []
    for kind, theirs in mcp.items():
        ours = native[kind]
        assert len(ours) == len(theirs), kind
        for mine, other in zip(ours, theirs, strict=True):
            if len(mine) > len(other) + SAYS_MORE.get(kind, 0) and b'"errors"' not in mine:
                longer.append((mine, other))
    assert longer == []


async def test_faults_told_as_data_cost_no_more_than_where_mcp_tells_them_so() -> None:
    async def told(revision: str) -> int:
        frames: list[tuple[str, bytes]] = []
        async with talking(everything(), revision, frames=frames) as client:
            with pytest.raises(RemoteError):
                await client.call_tool("add", {"a": FAULTS})
        return len(frames[-1][1])

    assert await told("zcp/1") <= await told("2025-06-18")


async def test_a_hundred_rows_cost_their_json() -> None:
    frames: list[tuple[str, bytes]] = []
    async with talking(everything(), frames=frames) as client:
        assert (await client.call_tool("rows", {}))["structuredContent"] == HUNDRED
    raw = len(dumps(HUNDRED))
    assert len(frames[-1][1]) <= 1.05 * raw


async def test_or_their_handle() -> None:
    app = make_app()
    app.tool(name="rows", input_schema=ANYTHING)(lambda: HUNDRED * 10)
    frames: list[tuple[str, bytes]] = []
    async with talking(app, frames=frames) as client:
        assert "handle" in await client.call_tool("rows", {})
    assert len(frames[-1][1]) < 600
