"""A tool and a task kind, over HTTP with `/ws` beside it, or over WebSocket alone.

Argument: `http` or `alone`; prints the port it listens at.
"""

import os
import socket
import sys
import time
from typing import Any

import anyio

from zcp import FastZCP, create_asgi_app, serve_websocket

STATUS = "at "

app = FastZCP("Bench")


@app.tool
async def echo(text: str) -> str:
    return text


@app.task("tick", input_schema={"type": "object"})
async def tick(payload: dict[str, Any]) -> dict[str, Any]:
    for _ in range(payload["ticks"]):
        await payload["task"].update_status(f"{STATUS}{time.time()}")
        await anyio.sleep(0.005)
    return {}


def main(how: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    print(port, flush=True)
    if how == "alone":
        anyio.run(serve_websocket, app, "127.0.0.1", port)
        return
    from zcp_transport_http.serve import serve

    # A line in the log for each request would be the difference that is measured.
    os.environ["ZCP_LOG__LEVEL"] = "warning"
    serve(create_asgi_app(app), port=port)


if __name__ == "__main__":
    main(sys.argv[1])
