"""The server the official conformance suite is run against: every fixture, for every revision.

`python -m tests.conformance.everything_server --port 8000` serves under hypercorn.
"""

import argparse
import signal
import socket
import sys
from importlib import import_module

from zcp_transport_http.app import ZCPASGIApp, create_asgi_app
from zcp_transport_http.serve import serve

from .fixtures.app import app

FIXTURES = ("content", "telling", "asking", "offering", "working", "changing")
"""The modules of `fixtures`, in the order their tools are listed: the suite uses what is first."""

for each in FIXTURES:
    import_module(f".fixtures.{each}", __package__)

application = create_asgi_app(app)


def under_uvicorn(application: ZCPASGIApp, fd: int) -> None:
    import uvicorn

    # Once it has stopped, uvicorn hands the signal on.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    config = uvicorn.Config(application, log_level="warning")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=fd)])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", default="hypercorn-asyncio", help="hypercorn-LOOP or uvicorn")
    parser.add_argument("--port", type=int)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--fd", type=int, help="a listening socket instead of a port")
    told = parser.parse_args()
    if told.server == "uvicorn":
        under_uvicorn(application, told.fd)
    else:
        target = f"{__spec__.name}:application" if told.workers > 1 else application
        loop = told.server.removeprefix("hypercorn-")
        serve(target, port=told.port, fd=told.fd, loop=loop, workers=told.workers)
