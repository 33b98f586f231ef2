"""An app with something of everything, for the tests of the command line."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any, Literal

import anyio

from zcp import Context, FastZCP, ToolError

app = FastZCP("Kitchen", version="3.1", instructions="Cook.")
print("printed while importing")


@app.tool(meta={"groups": ["simple"]})
def echo(
    text: str = "", count: int = 0, ratio: float = 0.5, flag: bool = False,
    tags: list[str] | None = None, mood: Literal["calm", "wild"] = "calm",
) -> dict[str, object]:  # fmt: skip
    """Give back what was given.

    More about it.
    """
    return {
        "text": text, "count": count, "ratio": ratio, "flag": flag, "tags": tags, "mood": mood,
    }  # fmt: skip


@app.tool
def fail() -> str:
    """Always fail."""
    raise ToolError("the oven is cold")


@app.tool
def noisy() -> str:
    """Print to standard output, and have a child process print there."""
    print("noise")
    subprocess.run(["echo", "noise of a child"], check=True)
    return "quiet"


@app.tool
def shout() -> str:
    """Answer with a terminal escape sequence."""
    return "\x1b[31mred"


@app.tool
async def steps(ctx: Context, count: int = 3) -> str:
    """Report progress and log."""
    await ctx.log("warning", "it is getting hot", logger="oven")
    for step in range(1, count + 1):
        await ctx.report_progress(step, count, f"step {step}")
    return "done"


@app.tool
async def wait(ctx: Context) -> str:
    """Wait until cancelled."""
    try:
        await ctx.report_progress(1, None, "waiting")
        await anyio.sleep(60)
    except BaseException:
        print("the handler was cancelled", file=sys.stderr)
        raise
    return "waited"


@app.tool
def block(ctx: Any) -> str:
    """Hold a thread, deaf to cancellation."""
    ctx.report_progress(1, None, "blocking")
    time.sleep(60)
    return "blocked"


@app.tool
async def order(ctx: Context) -> str:
    """Ask what to cook."""
    action, content = await ctx.elicit(
        "What shall it be?",
        {
            "type": "object",
            "properties": {
                "dish": {"type": "string", "enum": ["soup", "cake"]},
                "plates": {"type": "integer"},
                "spicy": {"type": "boolean", "default": False},
            },
            "required": ["dish", "plates"],
        },
    )
    return f"{action} {content}"


@app.tool(output_mode="handle")
def harvest() -> dict[str, object]:
    """Give more than fits a message."""
    return {"fields": [{"row": row, "crop": "x" * 40} for row in range(5000)], "season": "autumn"}


@app.tool(
    name="bake",
    input_schema={"type": "object", "properties": {"what": {"type": "string"}}},
    execution={"taskSupport": "required"},
)
async def bake(what: str = "bread", task: Any = None) -> dict[str, str]:
    await task.update_status(f"baking {what}")
    return {"baked": what}


@app.task("stew")
async def stew(payload: dict[str, Any]) -> dict[str, Any]:
    await payload["task"].update_status("simmering")
    if payload.get("what") == "stone":
        raise ToolError("stones do not stew")
    return {"stewed": payload.get("what")}


@app.task("simmer")
async def simmer(payload: dict[str, Any]) -> None:
    await payload["task"].update_status("simmering for long")
    await anyio.sleep(60)


@app.task("grill", as_tool=True)
async def grill(payload: dict[str, Any]) -> str:
    return "grilled"


@app.resource("kitchen://menu", name="Menu", mime_type="text/plain")
def menu() -> str:
    return "soup and cake"


@app.resource("kitchen://photo", name="Photo", mime_type="application/octet-stream")
def photo() -> bytes:
    return bytes(range(256))


@app.resource_template("kitchen://shelf/{number}", name="Shelf")
def shelf(number: str) -> str:
    return f"shelf {number}"


@app.prompt
def recipe(dish: str, style: str = "plain") -> str:
    """Ask for a recipe."""
    return f"A {style} recipe for {dish}, please."
