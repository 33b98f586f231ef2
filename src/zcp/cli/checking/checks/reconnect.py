"""A client that went away comes back."""

from __future__ import annotations

from ..bench import Bench
from ..outcome import Check, Failed


async def reconnect(bench: Bench) -> str:
    """A second session opens beside the first, leaves without disturbing it, and the first opens
    again after a close, to the same server with the same tools."""
    await bench.poke()
    before, tools = bench.introduction, bench.lists.get("tools")
    if bench.way.url is not None:
        async with bench.another() as other:
            await bench.poke(other)
    await bench.poke()
    after = await bench.open()
    if after.get("serverInfo") != before.get("serverInfo"):
        raise Failed("another server answers after the reconnect")
    await bench.poke()
    if tools is None:
        return "opened again"
    again = [tool["name"] for tool in (await bench.client.list_tools())["tools"]]
    if again != [tool["name"] for tool in tools]:
        raise Failed("the tools are others after the reconnect")
    return f"opened again, with the same {len(again)} tools"


RECONNECT = Check("reconnect", reconnect)
