"""A client that starts a server as a subprocess and uses everything it offers.

python examples/subprocess_client.py
"""

import sys
from pathlib import Path

import anyio

from zcp import stdio_client

SERVER = Path(__file__).with_name("run_zcp_mcp_stdio_server.py")


async def main() -> None:
    async with stdio_client([sys.executable, str(SERVER)]) as client:
        print("server:", client.server_info["name"], "speaks", client.protocol_version)
        for tool in (await client.list_tools())["tools"]:
            print("tool:", tool["name"])
        weather = await client.call_tool("weather.get_current", {"city": "Hangzhou"})
        print("weather:", weather["structuredContent"]["temperature"])
        cities = await client.read_resource("weather://cities")
        print("cities:", cities["contents"][0]["text"])
        prompt = await client.get_prompt("weather.summary", {"city": "Beijing"})
        print("prompt:", prompt["messages"][0]["content"]["text"])
        found = await client.complete("weather.summary", "city", "sh")
        print("completion:", ", ".join(found["completion"]["values"]))


if __name__ == "__main__":
    anyio.run(main)
