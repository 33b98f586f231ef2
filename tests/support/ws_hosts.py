"""The ASGI servers people run the HTTP application with, and how."""

from __future__ import annotations

import sys

from server_process import ROOT, Server, serving

FOLDER = ROOT / "tests" / "ws" / "mounted"
MOST_BYTES = 100_000
ENVIRON = {
    "PYTHONPATH": f"{ROOT / 'tests' / 'support'}:{FOLDER}",
    "ZCP_WEBSOCKET__MAX_MESSAGE_BYTES": str(MOST_BYTES),
}
HOSTS = ("serve-asyncio", "serve-trio", "hypercorn-asyncio", "hypercorn-trio", "uvicorn")
"""`serve` is our own start of hypercorn."""


def command(host: str, port: int) -> list[str]:
    """What runs `mounted/kitchen_server.py` under this host."""
    name, _, loop = host.partition("-")
    if name == "serve":
        return serving(f"{FOLDER / 'kitchen_server.py'}:application", port=port, loop=loop)
    if name == "hypercorn":
        where = ["--bind", f"127.0.0.1:{port}", "--worker-class", loop]
    else:
        where = ["--port", str(port), "--log-level", "warning"]
    return [sys.executable, "-m", name, *where, "kitchen_server:application"]


def url(running: Server) -> str:
    return f"ws://127.0.0.1:{running.port}/ws"
