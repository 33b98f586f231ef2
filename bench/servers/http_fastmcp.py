"""FastMCP over HTTP, as its users write a server."""

from fastmcp import FastMCP

server = FastMCP("bench")


@server.tool
async def echo_async(text: str) -> str:
    """Echo a text."""
    return text


@server.tool
def echo_sync(text: str) -> str:
    """Echo a text."""
    return text


application = server.http_app()
