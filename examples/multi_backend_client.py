"""One orchestrator over two servers: lists are merged, and every object says where it is from.

python examples/multi_backend_client.py
"""

from typing import Any

import anyio

from zcp import FastZCP, ZCPSessionGroup, stdio_client, stdio_server

weather_app = FastZCP("Weather")
docs_app = FastZCP("Docs")


@weather_app.tool(
    name="weather.lookup",
    description="Lookup city weather.",
    input_schema={
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
    output_mode="scalar",
    inline_ok=True,
)
def weather_lookup(city: str) -> dict[str, Any]:
    return {"city": city, "temperature": 24}


@docs_app.resource("docs://faq", name="FAQ", mime_type="text/plain")
def faq() -> str:
    return "ZCP keeps MCP compatibility and adds a native compact path."


async def main() -> None:
    weather, docs = stdio_server(weather_app), stdio_server(docs_app)
    async with weather, docs, stdio_client(weather) as first, stdio_client(docs) as second:
        group = ZCPSessionGroup([first, second])
        for tool in (await group.list_tools())["tools"]:
            print("tool:", tool["name"], "from", tool["_meta"]["zcp/backend"]["server"]["name"])
        for resource in (await group.list_resources())["resources"]:
            print(
                "resource:",
                resource["uri"],
                "from",
                resource["_meta"]["zcp/backend"]["server"]["name"],
            )
        result = await group.call_tool("weather.lookup", {"city": "Hangzhou"})
        print("result:", result["structuredContent"])


if __name__ == "__main__":
    anyio.run(main)
