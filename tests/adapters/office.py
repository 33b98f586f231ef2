"""A small server with tools of every kind an adapter must deal with."""

from __future__ import annotations

from typing import Any

import anyio
from attrs import define, field
from zcp_kernel.app import FastZCP
from zcp_kernel.errors import ToolError
from zcp_kernel.model import ImageContent

PNG = "iVBORw0KGgo="


@define
class Office:
    """The app, and what its tools were called with, in the order they began."""

    app: FastZCP
    calls: list[tuple[str, dict[str, Any]]] = field(factory=list)
    running: int = 0
    most_running: int = 0
    cancelled: list[str] = field(factory=list)
    full: anyio.Event = field(factory=anyio.Event)
    two_running: anyio.Event = field(factory=anyio.Event)
    all_cancelled: anyio.Event = field(factory=anyio.Event)

    def note(self, name: str, **arguments: Any) -> None:
        self.calls.append((name, arguments))


def office() -> Office:
    made = Office(FastZCP("Office", version="1.0.0"))
    _plain_tools(made)
    _harder_tools(made)
    return made


def _plain_tools(office: Office) -> None:
    app = office.app

    @app.tool(
        name="weather.get",
        description="Weather for a city.",
        meta={"groups": ["workflow"]},
        input_schema={
            "type": "object",
            "properties": {
                "city": {"type": "string", "minLength": 2},
                "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                "labels": {"type": "object", "additionalProperties": {"type": "integer"}},
            },
            "required": ["city"],
            "additionalProperties": False,
        },
    )
    async def weather(**arguments: Any) -> dict[str, Any]:
        office.note("weather.get", **arguments)
        return {"city": arguments["city"], "temperature": 24}

    @app.tool(name="weather_get", description="Another tool that the API knows by the same name.")
    async def other(city: str) -> str:
        office.note("weather_get", city=city)
        return f"other {city}"

    @app.tool(name="rows.list", description="A long list of rows.", output_mode="scalar")
    async def rows(count: int = 500) -> list[dict[str, Any]]:
        office.note("rows.list", count=count)
        return [{"id": number, "name": f"row {number}"} for number in range(count)]

    @app.tool(
        name="rows.sum",
        description="Add up the ids of rows.",
        input_schema={
            "type": "object",
            "properties": {
                "rows": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"id": {"type": "integer"}, "name": {"type": "string"}},
                        "required": ["id"],
                    },
                }
            },
            "required": ["rows"],
        },
    )
    async def total(rows: list[dict[str, Any]]) -> dict[str, Any]:
        office.note("rows.sum", count=len(rows))
        return {"sum": sum(row["id"] for row in rows), "count": len(rows)}


def _harder_tools(office: Office) -> None:
    app = office.app

    @app.tool(name="slow", description="Waits for its companions.")
    async def slow(of: int, name: str) -> str:
        office.running += 1
        office.most_running = max(office.most_running, office.running)
        try:
            if office.running == 2:
                office.two_running.set()
            if office.running >= of:
                office.full.set()
            await office.full.wait()
        except anyio.get_cancelled_exc_class():
            office.cancelled.append(name)
            if len(office.cancelled) == 2:
                office.all_cancelled.set()
            raise
        finally:
            office.running -= 1
        return name

    @app.tool(name="fail", description="Fails.")
    async def fail(why: str) -> str:
        raise ToolError(f"cannot: {why}")

    @app.tool(
        name="files.delete",
        description="Delete a file.",
        annotations={"destructiveHint": True},
    )
    async def delete(path: str) -> str:
        office.note("files.delete", path=path)
        return f"deleted {path}"

    @app.tool(name="picture", description="A picture.")
    async def picture() -> ImageContent:
        return ImageContent(PNG, "image/png")
