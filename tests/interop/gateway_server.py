"""A gateway in front of somebody's MCP server: `gateway_server.py stdio|PORT COMMAND…|URL`."""

import sys

from zcp import MCPGatewayClient, MCPGatewayServer, run_mcp_stdio_server_sync


def main(where: str, *upstream: str) -> None:
    """Serve on standard streams or at a port."""
    target = upstream[0] if "://" in upstream[0] else list(upstream)
    gateway = MCPGatewayServer(MCPGatewayClient(target))
    if where == "stdio":
        run_mcp_stdio_server_sync(gateway)
        return
    from zcp_transport_http.serve import serve

    serve(gateway, port=int(where))


if __name__ == "__main__":
    main(*sys.argv[1:])
