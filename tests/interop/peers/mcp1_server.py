"""A server written with the official MCP Python SDK 1.x.

`mcp1_server.py [stdio | http|json|stateless|sse|ws PORT]`: `json` answers with plain JSON instead
of event streams, `stateless` keeps no sessions.
"""

import base64
import os
import sys
from typing import Any

import anyio
from mcp import types
from mcp.server.fastmcp import Context, FastMCP
from pydantic import AnyUrl, BaseModel

NAMES = ["Ada", "Alan", "Grace"]
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n pixel").decode()

server = FastMCP("peer", instructions="Ask me.", log_level="ERROR")
cancelled: list[str] = []
watched: set[str] = set()


class Person(BaseModel):
    """What `ask_user` asks for."""

    name: str


@server.tool()
async def echo(text: str) -> str:
    """Echo a text."""
    return text


@server.tool(annotations=types.ToolAnnotations(readOnlyHint=True, idempotentHint=True))
def add(a: int, b: int) -> dict[str, int]:
    """Add two integers."""
    return {"total": a + b}


@server.tool()
async def fail() -> str:
    """Break."""
    raise ValueError("broken on purpose")


@server.tool(structured_output=False)
async def media() -> list[types.ContentBlock]:
    """Content of every kind."""
    inside = types.TextResourceContents(uri=AnyUrl("note://inside"), text="inside")
    return [
        types.TextContent(type="text", text="some text"),
        types.ImageContent(type="image", data=PIXEL, mimeType="image/png"),
        types.AudioContent(type="audio", data=PIXEL, mimeType="audio/wav"),
        types.EmbeddedResource(type="resource", resource=inside),
        types.ResourceLink(type="resource_link", uri=AnyUrl("note://greeting"), name="greeting"),
    ]


@server.tool()
async def count(steps: int, ctx: Context) -> str:
    """Report progress at every step."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps, f"step {step}")
    return f"counted to {steps}"


@server.tool()
async def talk(ctx: Context) -> str:
    """Log."""
    await ctx.warning("a warning")
    return "said"


@server.tool()
async def wait_for_ever(name: str, ctx: Context) -> str:
    """Wait until cancelled; says that it has begun."""
    await ctx.warning(f"waiting {name}")
    try:
        await anyio.sleep_forever()
    finally:
        cancelled.append(name)
    return "never"


@server.tool()
async def were_cancelled() -> str:
    """The names of the cancelled waits."""
    return " ".join(cancelled)


@server.tool()
async def ask_model(prompt: str, ctx: Context) -> str:
    """Sample the client's model."""
    content = types.TextContent(type="text", text=prompt)
    answer = await ctx.session.create_message(
        [types.SamplingMessage(role="user", content=content)],
        max_tokens=50,
        system_prompt="Be brief.",
        related_request_id=ctx.request_id,
    )
    return f"{answer.model}: {getattr(answer.content, 'text', answer.content)}"


@server.tool()
async def ask_user(question: str, ctx: Context) -> str:
    """Elicit a name."""
    answer = await ctx.elicit(question, Person)
    return f"{answer.action} {answer.data.name}" if answer.action == "accept" else answer.action


@server.tool()
async def where(ctx: Context) -> str:
    """List the client's roots."""
    return " ".join(str(root.uri) for root in (await ctx.session.list_roots()).roots)


@server.tool()
async def touch(uri: str, ctx: Context) -> str:
    """Say that a resource changed."""
    if uri in watched:
        await ctx.session.send_resource_updated(AnyUrl(uri))
    return "touched"


@server.tool()
async def grow(name: str, ctx: Context) -> str:
    """Offer one more tool."""
    server.add_tool(lambda: f"I am {name}", name=name, description="A new one.")
    await ctx.session.send_tool_list_changed()
    return "grown"


@server.tool()
async def die() -> str:
    """End without a word, as a server does that is killed."""
    os._exit(1)


@server.resource("note://greeting", mime_type="text/plain")
async def greeting() -> str:
    """A greeting."""
    return "hello"


@server.resource("note://bytes", mime_type="application/octet-stream")
async def some_bytes() -> bytes:
    """Every byte there is."""
    return bytes(range(256))


@server.resource("note://by-name/{name}")
async def by_name(name: str) -> str:
    """A note by name."""
    return f"a note to {name}"


@server.prompt()
async def greet(name: str) -> str:
    """Greet somebody."""
    return f"Greet {name}."


@server.completion()
async def complete(ref: Any, argument: types.CompletionArgument, _: Any) -> types.Completion:
    """The names that begin so, for the prompt and the template alike."""
    return types.Completion(values=[name for name in NAMES if name.startswith(argument.value)])


# What its users reach through the server beneath, which has no public name.
beneath = server._mcp_server


@beneath.subscribe_resource()
async def subscribe(uri: AnyUrl) -> None:
    """Remember who is to be told."""
    watched.add(str(uri))


@beneath.unsubscribe_resource()
async def unsubscribe(uri: AnyUrl) -> None:
    """Tell no more."""
    watched.discard(str(uri))


def serve_websocket(port: int) -> None:
    """On `/ws`."""
    import uvicorn
    from mcp.server.websocket import websocket_server
    from starlette.applications import Starlette
    from starlette.routing import WebSocketRoute
    from starlette.websockets import WebSocket

    async def talk_to(socket: WebSocket) -> None:
        async with websocket_server(socket.scope, socket.receive, socket._send) as streams:
            await beneath.run(*streams, beneath.create_initialization_options())

    app = Starlette(routes=[WebSocketRoute("/ws", talk_to)])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="error")


def main(transport: str = "stdio", port: str = "0") -> None:
    """Serve as told."""
    if transport == "ws":
        serve_websocket(int(port))
        return
    server.settings.port = int(port)
    server.settings.json_response = transport == "json"
    server.settings.stateless_http = transport == "stateless"
    server.run(transport if transport in ("stdio", "sse") else "streamable-http")


main(*sys.argv[1:])
