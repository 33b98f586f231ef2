"""A token that is revoked stops working everywhere: in sessions that are open, and in other
processes on the same file."""

from __future__ import annotations

import http.client
import subprocess
import sys
import threading
import time
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.from_thread
import pytest
from asgi import Answer
from attrs import evolve
from oauth_site import World, app_with_scopes, users, web_client, world
from server_process import Server, free_port, server, serving
from zcp_auth_oauth.digests import ACCESS, digest_of, new_token
from zcp_auth_oauth.models import AccessToken, Grant
from zcp_auth_oauth.providers.memory import InMemoryOAuthProvider
from zcp_auth_oauth.providers.sqlite.provider import SQLiteOAuthProvider
from zcp_auth_oauth.resource import liveness as liveness_module
from zcp_auth_oauth.resource.liveness import Liveness
from zcp_kernel.security import AuthContext

pytestmark = pytest.mark.anyio


async def listening(here: World, token: str) -> tuple[Any, Any]:
    """An open session of this token's, and its stream."""
    client = here.mcp(token)
    await client.initialize()
    return client, client.open("GET")


@pytest.mark.parametrize("what", ["access_token", "refresh_token"])
async def test_revoking_ends_an_open_session_at_once(what: str) -> None:
    async with world() as here:
        tokens = await here.tokens()
        others = await here.tokens("bob")
        client, opening = await listening(here, tokens["access_token"])
        async with opening as stream, here.mcp(others["access_token"]).open("GET"):
            done = await here.post("/revoke", {"token": tokens[what], "client_id": "web"})
            assert done.status == 200
            await stream.rest()
        assert (await client.post(client.tool("forecast"))).status == 401
        assert (await here.call(others["access_token"])).status == 200


@pytest.mark.parametrize("kind", ["async", "sync"])
async def test_a_call_under_way_ends_too(kind: str) -> None:
    """On a request without a session: what it was about to say is not said any more."""
    app, begun, went_on = app_with_scopes(), anyio.Event(), list[str]()
    held = threading.Event()

    @app.tool(name="async")
    async def waiting() -> str:
        begun.set()
        await anyio.sleep_forever()
        return "secret"

    @app.tool(name="sync")
    def blocking() -> str:
        anyio.from_thread.run_sync(begun.set)
        held.wait(20)
        went_on.append("to its end")
        return "secret"

    async with world(app) as here, anyio.create_task_group() as group:
        tokens, others = await here.tokens(), await here.tokens("bob")
        answers: dict[str, Answer] = {}
        answered = anyio.Event()

        async def call() -> None:
            answers["alice"] = await here.call(tokens["access_token"], kind)
            answered.set()

        group.start_soon(call)
        await begun.wait()
        await here.post("/revoke", {"token": tokens["refresh_token"], "client_id": "web"})
        held.set()
        await answered.wait()
        assert b"secret" not in answers["alice"].body
        assert answers["alice"].message["error"]["code"] == 401
        assert "revoked" in answers["alice"].message["error"]["message"]
        assert (await here.call(others["access_token"])).status == 200


async def test_a_replayed_code_ends_open_sessions_too() -> None:
    async with world() as here:
        code = await here.code()
        token = (await here.exchange(code)).message["access_token"]
        _, opening = await listening(here, token)
        async with opening as stream:
            await here.exchange(code)
            await stream.rest()


async def test_a_subscription_without_a_session_ends() -> None:
    async with world() as here:
        tokens = await here.tokens()
        meta = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
        }
        client = here.mcp(tokens["access_token"])
        call = client.call(
            "subscriptions/listen", {"notifications": {"toolsListChanged": True}}, **meta
        )
        headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": "subscriptions/listen"}
        async with client.open("POST", call, headers) as stream:
            assert stream.status == 200
            await stream.message()
            await here.post("/revoke", {"token": tokens["access_token"], "client_id": "web"})
            await stream.rest()


async def test_two_servers_on_one_file(tmp_path: Path) -> None:
    """What one revokes, the other learns by looking."""
    one, two = (SQLiteOAuthProvider(tmp_path / "oauth.db") for _ in range(2))
    async with world(provider=one) as first, world(provider=two) as second:
        tokens = await first.tokens()
        token = tokens["access_token"]
        assert (await second.call(token)).status == 200
        client, opening = await listening(second, token)
        async with opening as stream:
            await first.post("/revoke", {"token": token, "client_id": "web"})
            await stream.rest()
        assert (await client.post(client.tool("forecast"))).status == 401
        assert (await second.call(token)).status == 401


async def test_what_is_cached_counts_only_while_somebody_looks() -> None:
    provider = InMemoryOAuthProvider()
    now = [0.0]
    liveness: Liveness[str] = Liveness(provider, lambda: now[0])
    liveness.keep(b"d", "g", "alice")
    assert liveness.cached(b"d") is None, "nobody has looked yet"
    liveness.look()
    assert liveness.cached(b"d") == "alice"
    now[0] += liveness_module.TRUSTED_SECONDS
    assert liveness.cached(b"d") is None
    assert liveness_module.POLL_SECONDS < liveness_module.TRUSTED_SECONDS < 1


def test_a_token_looked_up_before_its_revocation_is_not_kept_after_it() -> None:
    provider = InMemoryOAuthProvider()
    provider.save_tokens(
        AccessToken(b"d" * 32, "g", "c", "alice", (), (), 0, 9e9),
        None,
        Grant("g", "c", "a", 0, 9e9),
    )
    liveness: Liveness[str] = Liveness(provider)
    liveness.look()
    provider.revoke_grant("g", 0)
    liveness.look()
    liveness.keep(b"d" * 32, "g", "alice")
    assert liveness.cached(b"d" * 32) is None
    auth = AuthContext("i", "c", "alice", frozenset(), token_id=(b"d" * 32).hex(), grant_id="g")
    assert liveness.revoked(auth)
    assert not liveness.revoked(evolve(auth, token_id=None, grant_id="other"))


APP = """
from zcp_kernel.app import FastZCP

app = FastZCP("Weather")


@app.tool(required_scopes=("weather.read",))
def forecast() -> str:
    return "rain"
"""


def issue(database: Path, port: int) -> str:
    """A token for alice, as another process of the service would."""
    provider = SQLiteOAuthProvider(database)
    users(provider)
    provider.add_client(web_client())
    token, now = new_token(ACCESS), time.time()
    access = AccessToken(
        digest_of(token), "g", "web", "u-alice", ("weather.read",), (f"http://127.0.0.1:{port}",),
        now, now + 600,
    )  # fmt: skip
    assert provider.save_tokens(access, None, Grant("g", "web", "u-alice", now, now + 600))
    provider.close()
    return token


@contextmanager
def open_stream(running: Server, token: str) -> Generator[http.client.HTTPResponse]:
    bearer = {"authorization": f"Bearer {token}"}
    opened = running.post(
        {
            "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": {
                "protocolVersion": "2025-11-25", "capabilities": {},
                "clientInfo": {"name": "t", "version": "1"},
            },
        },
        "/mcp",
        **bearer,
    )  # fmt: skip
    assert opened.status == 200, opened.body
    fields = {**bearer, "mcp-session-id": opened.headers["mcp-session-id"]}
    note = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    assert running.post(note, "/mcp", **fields).status == 202
    connection = running.connect()
    with closing(connection):
        connection.request("GET", "/mcp", headers={**fields, "accept": "text/event-stream"})
        with connection.getresponse() as response:
            yield response


def test_a_command_in_another_process_ends_an_open_stream(tmp_path: Path) -> None:
    (tmp_path / "weather.py").write_text(APP, "utf-8")
    port, database = free_port(), tmp_path / "oauth.db"
    token = issue(database, port)
    environ = {
        "ZCP_OAUTH__ENABLED": "true",
        "ZCP_OAUTH__ISSUER": f"http://127.0.0.1:{port}",
        "ZCP_OAUTH__DATABASE": str(database),
    }
    command = serving(f"{tmp_path / 'weather.py'}:app", port=port)
    with (
        server(command, port, tmp_path, **environ) as running,
        open_stream(running, token) as stream,
    ):
        call = running.call_message("forecast")
        assert running.post(call, authorization=f"Bearer {token}").status == 200
        code = "from zcp_auth_oauth.cli.commands import oauth; oauth()"
        revoking = [sys.executable, "-c", code, "users", "revoke", "alice"]
        done = subprocess.run(
            [*revoking, "--database", str(database)],
            capture_output=True,
            encoding="utf-8",
            timeout=60,
            check=True,
        )
        assert "revoked 1 grants" in done.stdout
        stream.read()
        assert running.post(call, authorization=f"Bearer {token}").status == 401
