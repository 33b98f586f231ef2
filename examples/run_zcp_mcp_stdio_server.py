"""Serves the weather server on standard input and output, for hosts that start it themselves.

python examples/run_zcp_mcp_stdio_server.py
"""

from zcp_server_template import app

from zcp import ZCPServerConfig, run_mcp_stdio_server_sync

config = ZCPServerConfig(service_name="weather-backend", environment="production")

if __name__ == "__main__":
    run_mcp_stdio_server_sync(app, config=config)
