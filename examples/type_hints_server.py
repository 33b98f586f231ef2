"""Tools whose schemas come from their type hints, and what else a handler can return and do.

zcp tools examples/type_hints_server.py
zcp call examples/type_hints_server.py plan 'stops=[{"city": "Hangzhou"}]' pace=slow
zcp call examples/type_hints_server.py survey rounds=5
"""

import struct
import zlib
from dataclasses import dataclass
from enum import Enum
from typing import Annotated

import anyio

from zcp import Context, FastZCP, ToolError, run_mcp_stdio_server

app = FastZCP("Type Hints", version="1.0.0")


class Pace(Enum):
    SLOW = "slow"
    FAST = "fast"


@dataclass
class Stop:
    city: str
    nights: int = 1


@dataclass
class Plan:
    days: int
    route: list[str]


@app.tool
def plan(
    stops: Annotated[list[Stop], "Where to stay, in this order."], pace: Pace = Pace.SLOW
) -> Plan:
    """Plan a journey."""
    if not stops:
        raise ToolError("a journey needs a stop")
    between = 1 if pace is Pace.SLOW else 0
    days = sum(stop.nights for stop in stops) + between * (len(stops) - 1)
    return Plan(days, [stop.city for stop in stops])


@app.tool
def swatch(red: int, green: int, blue: int) -> bytes:
    """Draw an 8 by 8 image of one colour."""
    row = b"\0" + bytes((red, green, blue)) * 8
    header = struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(row * 8)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


@app.tool
async def survey(rounds: int, ctx: Context) -> dict[str, int]:
    """Measure for some rounds and report progress."""
    for done in range(rounds):
        await ctx.report_progress(done, rounds, f"round {done + 1}")
        await anyio.sleep(0.01)
    await ctx.report_progress(rounds, rounds, "done")
    return {"rounds": rounds}


@app.tool
async def book(city: str, ctx: Context) -> str:
    """Book a room, after asking for the name."""
    action, content = await ctx.elicit(
        f"Who travels to {city}?",
        {
            "type": "object",
            "properties": {"name": {"type": "string"}, "breakfast": {"type": "boolean"}},
            "required": ["name"],
        },
    )
    if action != "accept":
        raise ToolError(f"not booked: the user chose to {action}")
    meal = "with" if content.get("breakfast") else "without"
    return f"Booked {city} for {content['name']}, {meal} breakfast."


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


if __name__ == "__main__":
    anyio.run(run_mcp_stdio_server, app)
