"""A server written with the official MCP Python SDK 1.x."""

import anyio
from mcp.server.fastmcp import Context, FastMCP

server = FastMCP("peer", instructions="Ask me.", log_level="ERROR")
cancelled: list[str] = []


@server.tool()
async def echo(text: str) -> str:
    """Echo a text."""
    return text


@server.tool()
def add(a: int, b: int) -> dict[str, int]:
    """Add two integers."""
    return {"total": a + b}


@server.tool()
async def fail() -> str:
    """Break."""
    raise ValueError("broken on purpose")


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


@server.resource("note://greeting", mime_type="text/plain")
async def greeting() -> str:
    """A greeting."""
    return "hello"


@server.resource("note://by-name/{name}")
async def by_name(name: str) -> str:
    """A note by name."""
    return f"a note to {name}"


@server.prompt()
async def greet(name: str) -> str:
    """Greet somebody."""
    return f"Greet {name}."


server.run("stdio")
