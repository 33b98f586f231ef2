"""A socket that is open in the name of a token ends with it, also when another process revokes."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from server_process import free_port, server, serving
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol
from zcp_auth_oauth.digests import ACCESS, digest_of, new_token
from zcp_auth_oauth.models import AccessToken, Grant, User
from zcp_auth_oauth.providers.sqlite.provider import SQLiteOAuthProvider

APP = """
from zcp_kernel.app import FastZCP

app = FastZCP("Weather")


@app.tool(required_scopes=("weather.read",))
def forecast() -> str:
    return "rain"
"""
MODERN = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


def issue(database: Path, port: int) -> str:
    """A token for alice, as another process of the service would make it."""
    provider = SQLiteOAuthProvider(database)
    provider.add_user(User("u-alice", "alice", "no password", None))
    token, now = new_token(ACCESS), time.time()
    audience = (f"http://127.0.0.1:{port}",)
    access = AccessToken(
        digest_of(token), "g", "c", "u-alice", ("weather.read",), audience, now, now + 600
    )
    assert provider.save_tokens(access, None, Grant("g", "c", "u-alice", now, now + 600))
    provider.close()
    return token


def revoke(database: Path) -> None:
    code = "from zcp_auth_oauth.cli.commands import oauth; oauth()"
    command = [sys.executable, "-c", code, "users", "revoke", "alice", "--database"]
    subprocess.run([*command, str(database)], capture_output=True, timeout=60, check=True)


def ask(socket: ClientConnection, method: str, params: Any, number: int) -> Any:
    message = {"jsonrpc": "2.0", "id": number, "method": method, "params": params}
    socket.send(json.dumps(message))
    while True:
        answer = json.loads(socket.recv(timeout=20))
        if answer.get("id") == number:
            return answer


def call(socket: ClientConnection, number: int, meta: Any = None) -> Any:
    params: dict[str, Any] = {"name": "forecast", "arguments": {}}
    return ask(socket, "tools/call", params | ({"_meta": meta} if meta else {}), number)


@pytest.mark.parametrize("modern", [False, True])
def test_an_open_socket_ends_with_its_token(tmp_path: Path, modern: bool) -> None:
    (tmp_path / "weather.py").write_text(APP, "utf-8")
    port, database = free_port(), tmp_path / "oauth.db"
    fields = {"Authorization": f"Bearer {issue(database, port)}"}
    environ = {
        "ZCP_OAUTH__ENABLED": "true",
        "ZCP_OAUTH__ISSUER": f"http://127.0.0.1:{port}",
        "ZCP_OAUTH__DATABASE": str(database),
    }
    command = serving(f"{tmp_path / 'weather.py'}:app", port=port)
    url, mcp = f"ws://127.0.0.1:{port}/ws", [Subprotocol("mcp")]
    with server(command, port, tmp_path, **environ):
        with pytest.raises(InvalidStatus, match="401"):
            connect(url, subprotocols=mcp)
        with connect(url, subprotocols=mcp, additional_headers=fields) as socket:
            if not modern:
                hello = {"protocolVersion": "2025-11-25", "capabilities": {}}
                ask(socket, "initialize", {**hello, "clientInfo": MODERN_INFO}, 1)
                socket.send('{"jsonrpc": "2.0", "method": "notifications/initialized"}')
            meta = MODERN if modern else None
            assert "result" in call(socket, 2, meta)
            revoke(database)
            refused_by(socket, meta)
        with pytest.raises(InvalidStatus, match="401"):
            connect(url, subprotocols=mcp, additional_headers=fields)


MODERN_INFO = {"name": "t", "version": "1"}


def refused_by(socket: ClientConnection, meta: Any) -> None:
    """Calls go on until the revocation is known there: then they are refused, or the socket
    closed."""
    for number in range(3, 300):
        try:
            answer = call(socket, number, meta)
        except ConnectionClosed:
            return
        if "error" in answer:
            assert "revoked" in answer["error"]["message"]
            return
        time.sleep(0.02)
    raise AssertionError("the socket goes on as if nothing had happened")
