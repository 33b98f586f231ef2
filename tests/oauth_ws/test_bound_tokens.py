"""A token that is bound to a key opens a socket with a proof of that key, and not without
(RFC 9449, section 7): where HTTP is served too, and where WebSocket is alone."""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from jwts import Key
from server_process import free_port, server, serving
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol
from zcp_auth_oauth.digests import ACCESS, digest_of, new_token
from zcp_auth_oauth.models import AccessToken, Grant
from zcp_auth_oauth.providers.sqlite.provider import SQLiteOAuthProvider

APP = """
from zcp_kernel.app import FastZCP

app = FastZCP("Weather")
"""
ALONE = "import anyio, sys; from weather import app; from zcp import serve_websocket; "
ALONE += "anyio.run(serve_websocket, app, '127.0.0.1', int(sys.argv[1]))"
START_SECONDS = 20
KEY = Key()
MCP = [Subprotocol("mcp")]


def issue(database: Path, port: int) -> str:
    """A token bound to `KEY`."""
    provider = SQLiteOAuthProvider(database)
    token, now = new_token(ACCESS), time.time()
    access = AccessToken(
        digest_of(token), "g", "c", "u", (), (f"http://127.0.0.1:{port}",), now, now + 600,
        KEY.thumbprint,
    )  # fmt: skip
    assert provider.save_tokens(access, None, Grant("g", "c", "u", now, now + 600))
    provider.close()
    return token


@pytest.fixture(params=["beside HTTP", "alone"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[int, str]]:
    """Where a server listens, and a token for it."""
    script, port, database = tmp_path / "weather.py", free_port(), tmp_path / "oauth.db"
    script.write_text(APP, "utf-8")
    token = issue(database, port)
    environ = {
        "ZCP_OAUTH__ENABLED": "true",
        "ZCP_OAUTH__ISSUER": f"http://127.0.0.1:{port}",
        "ZCP_OAUTH__DATABASE": str(database),
    }
    alone = request.param == "alone"
    command = [sys.executable, "-c", ALONE, str(port)]
    command = command if alone else serving(f"{script}:app", port=port)
    with server(command, port, tmp_path, ready=not alone, cwd=tmp_path, **environ):
        _wait_until_it_listens(port)
        yield port, token


def _wait_until_it_listens(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError(f"nobody listens at {port}")


def knock(port: int, token: str, proof: str | None, scheme: str = "DPoP") -> InvalidStatus | None:
    """What an upgrade is refused with, None if it is not."""
    fields = {"Authorization": f"{scheme} {token}"}
    if proof is not None:
        fields["DPoP"] = proof
    try:
        with connect(f"ws://127.0.0.1:{port}/ws", subprotocols=MCP, additional_headers=fields):
            return None
    except InvalidStatus as refused:
        return refused


@pytest.mark.parametrize("scheme", ["http", "ws"])
def test_a_proof_of_the_key_opens_a_socket(place: tuple[int, str], scheme: str) -> None:
    """Clients name the URL either way."""
    port, token = place
    proof = KEY.proof("GET", f"{scheme}://127.0.0.1:{port}/ws", token)
    assert knock(port, token, proof) is None
    again = knock(port, token, proof)
    assert again is not None
    assert again.response.status_code == 401


def test_nothing_less_does(place: tuple[int, str]) -> None:
    port, token = place
    url = f"http://127.0.0.1:{port}/ws"
    stranger = Key()
    for proof, way in (
        (None, "DPoP"),
        (None, "Bearer"),
        (KEY.proof("GET", url, token), "Bearer"),
        (KEY.proof("POST", url, token), "DPoP"),
        (KEY.proof("GET", f"http://127.0.0.1:{port}/mcp", token), "DPoP"),
        (stranger.proof("GET", url, token), "DPoP"),
    ):
        refused = knock(port, token, proof, way)
        assert refused is not None, (proof, way)
        assert refused.response.status_code == 401
    told = " ".join(refused.response.headers.get_all("WWW-Authenticate"))
    assert "DPoP" in told
    assert "resource_metadata=" in told
