"""Servers under one roof: an MCP server of anybody's, one of ours, and a tool of the house.

    python examples/gateway.py                      the tools of all three
    python examples/gateway.py python my_server.py  with your own server for the first

`app` and `gateway` are apps: `zcp serve examples/gateway.py:gateway` serves them.
"""

import asyncio
import sys

from zcp import FastZCP, MCPGatewayClient, MCPGatewayServer

weather = FastZCP("Weather")


@weather.tool
async def lookup(city: str) -> str:
    """The weather of a city."""
    return f"{city}: 24 °C"


library = FastZCP("Library")


@library.tool
async def lend(title: str) -> str:
    """Lend a book."""
    return f"{title}: two weeks"


app = FastZCP("House")


@app.tool
async def ring() -> str:
    """Ring the bell."""
    return "ding"


app.mount(weather, prefix="weather")
app.mount(MCPGatewayClient(sys.argv[1:] or library), prefix="library")

# The house, as somebody sees it who can only reach a session with it.
gateway = MCPGatewayServer(MCPGatewayClient(app))


async def main() -> None:
    async with MCPGatewayClient(gateway) as client:
        for tool in (await client.list_tools())["tools"]:
            print(f"{tool['name']:20} {tool['description']}")
        result = await client.call_tool("weather.lookup", {"city": "Hangzhou"})
        print(result["content"][0]["text"])


if __name__ == "__main__":
    asyncio.run(main())
