"""A server written with FastMCP: `fastmcp_server.py [stdio | http|sse PORT]`."""

import base64
import os
import sys
from typing import Any

import anyio
import mcp_types as types
from fastmcp import Context, FastMCP
from fastmcp.tools import ToolResult

NAMES = ["Ada", "Alan", "Grace"]
PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n pixel").decode()
STATELESS = "2026-07-28"
PERSON = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}

server = FastMCP("peer", instructions="Ask me.")
cancelled: list[str] = []


@server.tool()
async def echo(text: str) -> str:
    """Echo a text."""
    return text


@server.tool(annotations={"readOnlyHint": True, "idempotentHint": True})
def add(a: int, b: int) -> dict[str, int]:
    """Add two integers."""
    return {"total": a + b}


@server.tool()
async def fail() -> str:
    """Break."""
    raise ValueError("broken on purpose")


@server.tool()
async def media() -> ToolResult:
    """Content of every kind."""
    inside = types.TextResourceContents(uri="note://inside", text="inside")
    content: list[types.ContentBlock] = [
        types.TextContent(text="some text"),
        types.ImageContent(data=PIXEL, mime_type="image/png"),
        types.AudioContent(data=PIXEL, mime_type="audio/wav"),
        types.EmbeddedResource(resource=inside),
        types.ResourceLink(uri="note://greeting", name="greeting"),
    ]
    return ToolResult(content=content)


@server.tool()
async def count(steps: int, ctx: Context) -> str:
    """Report progress at every step."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps, f"step {step}")
    return f"counted to {steps}"


@server.tool()
async def talk(ctx: Context) -> str:
    """Log."""
    await ctx.debug("a detail")
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


async def asked(ctx: Context, request: Any, result_type: Any) -> Any:
    """The client's answer; where there is no session, what to return so that it is asked."""
    protocol = ctx.request_context.protocol_version if ctx.request_context else ""
    if protocol < STATELESS:
        return await ctx.session.send_request(request, result_type)
    if ctx.input_responses is None:
        return types.InputRequiredResult(input_requests={"question": request})
    return ctx.input_responses["question"]


@server.tool()
async def ask_model(prompt: str, ctx: Context) -> Any:
    """Sample the client's model."""
    message = types.SamplingMessage(role="user", content=types.TextContent(text=prompt))
    params = types.CreateMessageRequestParams(
        messages=[message], max_tokens=50, system_prompt="Be brief."
    )
    request = types.CreateMessageRequest(params=params)
    answer = await asked(ctx, request, types.CreateMessageResult)
    if isinstance(answer, types.InputRequiredResult):
        return answer
    return f"{answer.model}: {answer.content.text}"


@server.tool()
async def ask_user(question: str, ctx: Context) -> Any:
    """Elicit a name."""
    params = types.ElicitRequestFormParams(message=question, requested_schema=PERSON)
    answer = await asked(ctx, types.ElicitRequest(params=params), types.ElicitResult)
    if isinstance(answer, types.InputRequiredResult):
        return answer
    return f"accept {answer.content['name']}" if answer.action == "accept" else answer.action


@server.tool()
async def where(ctx: Context) -> Any:
    """List the client's roots."""
    answer = await asked(ctx, types.ListRootsRequest(), types.ListRootsResult)
    if isinstance(answer, types.InputRequiredResult):
        return answer
    return " ".join(str(root.uri) for root in answer.roots)


@server.tool()
async def grow(name: str, ctx: Context) -> str:
    """Offer one more tool."""

    async def grown() -> str:
        """A new one."""
        return f"I am {name}"

    server.tool(grown, name=name)
    await ctx.send_notification(types.ToolListChangedNotification())
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


@server.completion
async def complete(ref: Any, argument: types.CompletionArgument, _: Any) -> list[str]:
    """The names that begin so, for the prompt and the template alike."""
    return [name for name in NAMES if name.startswith(argument.value)]


def main(transport: str = "stdio", port: str = "0") -> None:
    """Serve as told."""
    quietly: dict[str, Any] = {"show_banner": False, "log_level": "ERROR"}
    if transport == "stdio":
        server.run("stdio", **quietly)
    else:
        server.run(transport, host="127.0.0.1", port=int(port), **quietly)


main(*sys.argv[1:])
