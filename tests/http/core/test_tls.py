"""TLS and HTTP/2, through hypercorn."""

from __future__ import annotations

import json
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from certificates import certificate
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded
from server_process import Server, free_port, server, serving

TARGET = "tests/http/core/servers/served.py"


def over_http2(one: Server, path: str, host: str) -> tuple[int, bytes]:
    """GET over HTTP/2; the server must have agreed to it."""
    assert one.tls is not None
    one.tls.set_alpn_protocols(["h2"])
    plain = socket.create_connection(("127.0.0.1", one.port), timeout=10)
    with one.tls.wrap_socket(plain, server_hostname="localhost") as link:
        assert link.selected_alpn_protocol() == "h2"
        h2 = H2Connection(H2Configuration(client_side=True))
        h2.initiate_connection()
        head = [(":method", "GET"), (":path", path), (":scheme", "https"), (":authority", host)]
        h2.send_headers(1, head, end_stream=True)
        link.sendall(h2.data_to_send())
        status, body = 0, b""
        while True:
            for event in h2.receive_data(link.recv(65536)):
                if isinstance(event, ResponseReceived):
                    fields: dict[Any, Any] = dict(event.headers or ())
                    status = int(fields[b":status"])
                elif isinstance(event, DataReceived):
                    body += event.data or b""
                elif isinstance(event, StreamEnded):
                    return status, body


@pytest.mark.parametrize("loop", ["asyncio", "trio"])
def test_tls_and_http2(loop: str, tmp_path: Path) -> None:
    certfile, keyfile = certificate(tmp_path)
    port = free_port()
    trusting = ssl.create_default_context(cafile=certfile)
    started = serving(TARGET, port=port, loop=loop, certfile=certfile, keyfile=keyfile)
    with server(started, port, tmp_path, tls=trusting) as one:
        assert one.initialize().status == 200
        assert one.call("slow", seconds=0).status == 200
        status, body = over_http2(one, "/metadata", f"localhost:{port}")
        assert (status, json.loads(body)["service"]["name"]) == (200, "Served")
        assert over_http2(one, "/metadata", "evil.example")[0] == 421
        assert one.stop() == 0
