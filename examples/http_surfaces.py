"""One app on its three HTTP surfaces, through the real HTTP application without a socket.

python examples/http_surfaces.py
"""

import anyio

from zcp import (
    FastZCP,
    MCPProfile,
    sse_client,
    sse_server,
    streamable_http_client,
    streamable_http_server,
)

app = FastZCP("Surfaces", default_tool_profiles={"mcp": MCPProfile(deny="debug.*")})


@app.tool
def add(a: int, b: int) -> dict[str, int]:
    return {"sum": a + b}


@app.tool(name="debug.state")
def state() -> str:
    return "fine"


async def main() -> None:
    clients = {
        "/mcp": streamable_http_client(streamable_http_server(app)),
        "/zcp": streamable_http_client(streamable_http_server(app, endpoint="/zcp")),
        "/sse": sse_client(sse_server(app)),
    }
    for path, client in clients.items():
        async with client:
            agreed = await client.initialize()
            result = await client.call_tool("add", {"a": 1, "b": 2})
            tools = [tool["name"] for tool in (await client.list_tools())["tools"]]
            print(path, agreed["protocolVersion"], result["structuredContent"], *tools)


if __name__ == "__main__":
    anyio.run(main)
