"""FastMCP's in-process client and server."""

import asyncio

from fastmcp import Client, FastMCP

from .loop import serve

server = FastMCP("bench")


@server.tool
async def echo(text: str) -> str:
    """Echo a text."""
    return text


async def main() -> None:
    async with Client(server) as client:

        async def call(text: str) -> str:
            result = await client.call_tool("echo", {"text": text})
            return result.content[0].text

        await serve(call)


asyncio.run(main())
