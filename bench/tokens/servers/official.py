"""The official MCP Python SDK 2.x: `python -m bench.tokens.servers.official FOLDER`."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from ..sheets.registering import told

server = MCPServer("sheets", log_level="CRITICAL")


def telling(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as this SDK's users write it: only the message of a `ToolError` reaches the
    model, so that is what they raise."""

    @wraps(function)
    def called(*given: Any, **named: Any) -> Any:
        try:
            return function(*given, **named)
        except ValueError as error:
            raise ToolError(str(error)) from error

    return called


for tool in told(sys.argv[1:]).offered():
    server.add_tool(telling(tool.function), name=tool.name)

server.run("stdio")
