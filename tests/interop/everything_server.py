"""A server with one of everything, for clients nobody here wrote.

`python -m tests.interop.everything_server asyncio|trio` serves on standard streams.
"""

import base64
import sys
import time
from dataclasses import dataclass
from typing import Any

import anyio
from zcp_kernel.model import (
    AudioContent,
    EmbeddedResource,
    ImageContent,
    ResourceContents,
    ResourceLink,
    TextContent,
)

from tests.interop.everything_shared import LOOK, Names, growing, offer
from zcp import CompletionRequest, Context, FastZCP, PromptArgument, run_mcp_stdio_server

PIXEL = base64.b64encode(b"\x89PNG\r\n\x1a\n pixel").decode()
NAMES = ["Ada", "Alan", "Grace"]

cancelled = Names("cancelled")
released = Names("released")

LONGEST = 60.0
"""Seconds a thread is kept for a client that has gone."""

app = FastZCP(
    "everything",
    version="1.2.3",
    title="Everything",
    instructions="Call anything.",
    lifespan=growing,
)


@dataclass
class Sum:
    """What `add` returns."""

    total: int


@app.tool
async def echo(text: str) -> str:
    """Echo a text."""
    return text


@app.tool(annotations={"readOnlyHint": True, "idempotentHint": True}, title="Addition")
def add(a: int, b: int) -> Sum:
    """Add two integers."""
    return Sum(a + b)


@app.tool(
    name="explicit.schema",
    description="A schema written by hand.",
    input_schema={
        "type": "object",
        "properties": {"unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
        "required": ["unit"],
        "additionalProperties": False,
        "$comment": "travels verbatim",
    },
    meta={"groups": ["weather"]},
)
async def explicit(unit: str) -> str:
    return unit


@app.tool
async def fail() -> str:
    """Break."""
    raise ValueError("broken on purpose")


@app.tool
async def media() -> list[Any]:
    """Content of every kind."""
    return [
        TextContent("some text"),
        ImageContent(PIXEL, "image/png"),
        AudioContent(base64.b64encode(b"RIFF").decode(), "audio/wav"),
        EmbeddedResource(ResourceContents("note://inside", mime_type="text/plain", text="inside")),
        ResourceLink("note://greeting", "greeting"),
    ]


@app.tool
async def count(steps: int, name: str, ctx: Context) -> str:
    """Report progress at every step, and return once the name is let go."""
    for step in range(1, steps + 1):
        await ctx.report_progress(step, steps, f"step {step}")
    while name not in released:  # noqa: ASYNC110 - another process may be told
        await anyio.sleep(LOOK)
    return f"counted to {steps}"


@app.tool
def count_in_thread(steps: int, name: str, ctx: Any) -> str:
    """Do so in a sync handler."""
    for step in range(1, steps + 1):
        ctx.report_progress(step, steps, f"step {step}")
    deadline = time.monotonic() + LONGEST
    while name not in released and time.monotonic() < deadline:
        time.sleep(LOOK)
    return f"counted to {steps}"


@app.tool
async def release(name: str) -> str:
    """Let the calls that wait for a name return."""
    released.add(name)
    return "released"


@app.tool
async def talk(ctx: Context) -> str:
    """Log one message at three levels."""
    await ctx.log("debug", "a detail")
    await ctx.log("warning", "a warning", logger="everything")
    await ctx.log("error", "an error", code=7)
    return "said"


@app.tool
async def ask_model(prompt: str, ctx: Context) -> str:
    """Sample the client's model."""
    answer = await ctx.create_message(
        [{"role": "user", "content": prompt}], max_tokens=50, system_prompt="Be brief."
    )
    assert isinstance(answer.content, TextContent)
    return f"{answer.model}: {answer.content.text}"


@app.tool
async def ask_user(question: str, ctx: Context) -> dict[str, Any]:
    """Elicit a name."""
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    action, content = await ctx.elicit(question, schema)
    return {"action": action, "content": content}


@app.tool
def ask_user_in_thread(question: str, ctx: Any) -> dict[str, Any]:
    """Elicit from a sync handler."""
    schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
    action, content = ctx.elicit(question, schema)
    return {"action": action, "content": content}


@app.tool
async def where(ctx: Context) -> list[str]:
    """List the client's roots."""
    return [root.uri for root in (await ctx.list_roots()).roots]


@app.tool
async def wait_for_ever(name: str, ctx: Context) -> str:
    """Wait until cancelled; says that it has begun."""
    await ctx.log("error", f"waiting {name}")
    try:
        await anyio.sleep_forever()
    finally:
        cancelled.add(name)
    return "never"


@app.tool
async def were_cancelled() -> list[str]:
    """The names of the cancelled waits."""
    return cancelled.all()


@app.tool
async def grow(name: str) -> str:
    """Offer one more tool, in every process."""
    await offer(name)
    return "grown"


@app.tool
async def touch(uri: str) -> str:
    """Say that a resource changed."""
    app.notify_resource_updated(uri)
    return "touched"


@app.resource("note://greeting", name="greeting", mime_type="text/plain", title="A greeting")
async def greeting() -> str:
    return "hello"


@app.resource("note://bytes", name="bytes", mime_type="application/octet-stream")
def some_bytes() -> bytes:
    return bytes(range(256))


@app.resource("note://data", name="data", mime_type="application/json")
def data() -> list[str]:
    return NAMES


@app.resource_template("note://by-name/{name}", name="by name", mime_type="application/json")
async def by_name(uri: str, name: str) -> dict[str, str]:
    return {"uri": uri, "name": name}


@app.prompt(
    description="Greet somebody.",
    arguments=[PromptArgument(name="name", required=True), PromptArgument(name="tone")],
)
def greet(name: str, tone: str = "warm") -> list[dict[str, str]]:
    return [
        {"role": "user", "content": f"Greet {name} in a {tone} tone."},
        {"role": "assistant", "content": "Very well."},
    ]


@app.completion("greet")
async def complete_greet(request: CompletionRequest) -> list[str]:
    return [name for name in NAMES if name.lower().startswith(request.value.lower())]


@app.completion("note://by-name/{name}")
def complete_by_name(request: CompletionRequest) -> list[str]:
    return [name for name in NAMES if name.startswith(request.value)]


if __name__ == "__main__":
    anyio.run(run_mcp_stdio_server, app, backend=sys.argv[1] if sys.argv[1:] else "asyncio")
