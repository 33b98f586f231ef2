"""A gateway, and a server behind it that keeps count of what it did."""

from __future__ import annotations

import anyio
from zcp_kernel.app import FastZCP
from zcp_kernel.context import Context

FORM = {"type": "object", "properties": {"name": {"type": "string"}}}


class Office:
    """A server with side effects, counted in `done`."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.app = FastZCP("Office", version="3", title="The Office", instructions="Knock first.")
        self.app.tool(annotations={"readOnlyHint": True})(self.echo)
        self.app.tool(self.sign)
        self.app.tool(self.forever)
        self.app.tool(execution={"taskSupport": "optional"})(self.print_all)
        self.app.resource("office://door", mime_type="text/plain")(self.door)
        self.app.prompt(self.letter)
        self.app.completion("letter")(self.people)

    async def echo(self, text: str) -> dict[str, str]:
        """Echo a text."""
        return {"text": text}

    async def sign(self, ctx: Context, twice: bool = False) -> str:
        """Do something, ask, and do something more."""
        self.done.append("fetched a pen")
        name = (await ctx.elicit("Who signs?", FORM)).content
        if twice:
            witness = (await ctx.elicit("Who saw it?", FORM)).content
            return f"{name} {witness}"
        self.done.append("signed")
        return f"signed by {name}"

    async def forever(self) -> str:
        """Never come back."""
        self.done.append("began")
        try:
            await anyio.sleep_forever()
        finally:
            self.done.append("gave up")
        return ""

    async def print_all(self, ctx: Context) -> str:
        """Take some time."""
        await anyio.sleep(0.01)
        return "printed"

    def door(self) -> str:
        return "open"

    def letter(self, to: str) -> str:
        return f"Dear {to}"

    def people(self, request: object) -> list[str]:
        return ["Ann", "Bob"]
