"""The server with one of everything, on a WebSocket of its own: PORT and the event loop."""

import signal
import sys

import anyio

from zcp import serve_websocket

from .everything_server import app


async def main(port: int) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve_websocket, app, "127.0.0.1", port)
        with anyio.open_signal_receiver(signal.SIGTERM) as signals:
            async for _ in signals:
                tasks.cancel_scope.cancel()
                return


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[1]), backend=sys.argv[2])
