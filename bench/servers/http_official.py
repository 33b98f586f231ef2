"""The official MCP Python SDK 2.x over HTTP, as its users write a server."""

from mcp.server import MCPServer

server = MCPServer("bench", log_level="ERROR")


@server.tool()
async def echo_async(text: str) -> str:
    """Echo a text."""
    return text


@server.tool()
def echo_sync(text: str) -> str:
    """Echo a text."""
    return text


application = server.streamable_http_app()
