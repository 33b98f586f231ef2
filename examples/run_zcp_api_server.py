"""Serve the weather server of `zcp_server_template.py` over HTTP.

    python examples/run_zcp_api_server.py
    ZCP_HTTP__PORT=9000 python examples/run_zcp_api_server.py

Section [http] of the configuration, or `ZCP_HTTP__HOST` and `ZCP_HTTP__PORT`, say where.
"""

from pathlib import Path

from zcp_transport_http.serve import serve

if __name__ == "__main__":
    serve(f"{Path(__file__).with_name('zcp_server_template.py')}:application")
