"""TLS and HTTP/2, through hypercorn."""

from __future__ import annotations

import datetime
import json
import socket
import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, ResponseReceived, StreamEnded
from server_process import Server, free_port, server, serving

TARGET = "tests/http/core/servers/served.py"


def certificate(folder: Path) -> tuple[str, str]:
    """A self-signed one for localhost, and its key, as files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return str(cert_file), str(key_file)


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
