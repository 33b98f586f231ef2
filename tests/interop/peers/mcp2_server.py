"""A server written with the official MCP Python SDK 2.x.

`mcp2_server.py [stdio | http|json|stateless|sse PORT]`: `json` answers with plain JSON instead of
event streams, `stateless` keeps no sessions.
"""

import base64
import os
import sys
from typing import Annotated, Any

import anyio
import mcp_types as types
from mcp.server import MCPServer
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Elicit, ElicitationResult, ListRoots, Resolve, Sample
from pydantic import BaseModel

NAMES = ["Ada", "Alan", "Grace"]
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n pixel").decode()
STATELESS = "2026-07-28"

server = MCPServer("peer", instructions="Ask me.", log_level="ERROR")
cancelled: list[str] = []
watched: set[str] = set()


class Person(BaseModel):
    """What `ask_user` asks for."""

    name: str


@server.tool()
async def echo(text: str) -> str:
    """Echo a text."""
    return text


@server.tool(annotations=types.ToolAnnotations(read_only_hint=True, idempotent_hint=True))
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
    inside = types.TextResourceContents(uri="note://inside", text="inside")
    return [
        types.TextContent(text="some text"),
        types.ImageContent(data=PIXEL, mime_type="image/png"),
        types.AudioContent(data=PIXEL, mime_type="audio/wav"),
        types.EmbeddedResource(resource=inside),
        types.ResourceLink(uri="note://greeting", name="greeting"),
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


def to_sample(prompt: str) -> Sample:
    """The question for the client's model, in the form the revision has."""
    message = types.SamplingMessage(role="user", content=types.TextContent(text=prompt))
    return Sample([message], max_tokens=50, system_prompt="Be brief.")


@server.tool()
async def ask_model(
    prompt: str, answer: Annotated[types.CreateMessageResult, Resolve(to_sample)]
) -> str:
    """Sample the client's model."""
    return f"{answer.model}: {getattr(answer.content, 'text', answer.content)}"


def to_elicit(question: str) -> Elicit[Person]:
    """The question for the client's user, in the form the revision has."""
    return Elicit(question, Person)


@server.tool()
async def ask_user(
    question: str, answer: Annotated[ElicitationResult[Person], Resolve(to_elicit)]
) -> str:
    """Elicit a name."""
    return f"{answer.action} {answer.data.name}" if answer.action == "accept" else answer.action


def to_locate() -> ListRoots:
    """The question for the client's roots, in the form the revision has."""
    return ListRoots()


@server.tool()
async def where(found: Annotated[types.ListRootsResult, Resolve(to_locate)]) -> str:
    """List the client's roots."""
    return " ".join(str(root.uri) for root in found.roots)


@server.tool()
async def touch(uri: str, ctx: Context) -> str:
    """Say that a resource changed."""
    await ctx.notify_resource_updated(uri)
    if uri in watched and (ctx.protocol_version or "") < STATELESS:
        await ctx.session.send_resource_updated(uri)
    return "touched"


@server.tool()
async def grow(name: str, ctx: Context) -> str:
    """Offer one more tool."""
    server.add_tool(lambda: f"I am {name}", name=name, description="A new one.")
    await ctx.notify_tools_changed()
    if (ctx.protocol_version or "") < STATELESS:
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


async def subscribe(_: Any, params: types.SubscribeRequestParams) -> types.EmptyResult:
    """Remember who is to be told."""
    watched.add(str(params.uri))
    return types.EmptyResult()


async def unsubscribe(_: Any, params: types.UnsubscribeRequestParams) -> types.EmptyResult:
    """Tell no more."""
    watched.discard(str(params.uri))
    return types.EmptyResult()


# What its users reach through the server beneath, which has no public name.
beneath = server._lowlevel_server
beneath.add_request_handler("resources/subscribe", types.SubscribeRequestParams, subscribe)
beneath.add_request_handler("resources/unsubscribe", types.UnsubscribeRequestParams, unsubscribe)


def main(transport: str = "stdio", port: str = "0") -> None:
    """Serve as told."""
    if transport == "stdio":
        server.run("stdio")
    elif transport == "sse":
        server.run("sse", port=int(port))
    else:
        forms = {"json_response": transport == "json", "stateless_http": transport == "stateless"}
        server.run("streamable-http", port=int(port), **forms)


main(*sys.argv[1:])
