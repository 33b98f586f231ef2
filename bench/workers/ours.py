"""zcp's in-process client and server."""

import asyncio

from zcp import FastZCP, stdio_client, stdio_server

from .loop import serve

app = FastZCP("bench")


@app.tool
async def echo(text: str) -> str:
    """Echo a text."""
    return text


async def main() -> None:
    client = stdio_client(stdio_server(app))
    await client.initialize()
    await client.initialized()

    async def call(text: str) -> str:
        result = await client.call_tool("echo", {"text": text})
        return str(result["content"][0]["text"])

    await serve(call)
    await client.close()


asyncio.run(main())
