"""Serving an app over stdio: the import path the guides show."""

from zcp_transport_stdio import run_mcp_stdio_server, run_mcp_stdio_server_sync

__all__ = ["run_mcp_stdio_server", "run_mcp_stdio_server_sync"]
