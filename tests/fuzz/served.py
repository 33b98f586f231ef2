"""The app that is fuzzed and flooded. `python -m tests.fuzz.served asyncio|trio` serves it."""

import gc
import sys
import tracemalloc
from dataclasses import dataclass
from typing import Any

import anyio

from zcp import CompletionRequest, Context, FastZCP, PromptArgument, run_mcp_stdio_server


@dataclass
class Point:
    x: float
    y: float = 0.0


def make_app() -> FastZCP:
    """An app with one of everything that answers by itself."""
    app = FastZCP("fuzzed")

    @app.tool
    async def echo(text: str) -> str:
        return text

    @app.tool
    async def anything(value: Any = None) -> dict[str, Any]:
        return {"value": value}

    @app.tool(blocking=False)
    def shapes(point: Point, tags: list[str] | None = None, ratio: float = 1.0) -> dict[str, Any]:
        return {"point": point, "tags": tags, "ratio": ratio}

    @app.tool
    async def report(steps: int, ctx: Context) -> str:
        for step in range(min(steps, 3)):
            await ctx.report_progress(step, steps)
            await ctx.log("error", "a step")
        return "reported"

    @app.resource("note://one", mime_type="text/plain")
    async def one() -> str:
        return "one"

    @app.resource_template("note://by-name/{name}")
    async def by_name(name: str) -> dict[str, str]:
        return {"name": name}

    @app.prompt(arguments=[PromptArgument(name="name", required=True)])
    async def greet(name: str) -> str:
        return f"Greet {name}"

    @app.completion("greet")
    async def complete(request: CompletionRequest) -> list[str]:
        return [request.value]

    @app.task("job")
    async def job(payload: Any) -> dict[str, str]:
        return {"done": "yes"}

    _flood_tools(app)
    return app


def _flood_tools(app: FastZCP) -> None:
    """`meet` answers when as many calls of it are under way as its callers wait for."""
    waiting: list[anyio.Event] = []

    @app.tool
    async def meet(number: int, of: int) -> str:
        mine = anyio.Event()
        waiting.append(mine)
        if len(waiting) == of:
            for each in waiting:
                each.set()
            waiting.clear()
        await mine.wait()
        return f"{number}"

    @app.tool
    async def memory() -> int:
        """Bytes Python holds, garbage collected."""
        gc.collect()
        return tracemalloc.get_traced_memory()[0]


if __name__ == "__main__":
    anyio.run(run_mcp_stdio_server, make_app(), backend=sys.argv[1])
