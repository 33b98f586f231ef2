"""Whom a stand-alone server lets in."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import anyio
import pytest
from ws_kitchen import WAIT, Kitchen, configuration, listening
from ws_raw import call, frame, greet, raw_peer
from zcp_kernel.errors import ConfigError, ExchangeRefused, RemoteError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.security import Challenge, Credentials, Principal
from zcp_transport_ws import websocket_client, websocket_server

pytestmark = pytest.mark.anyio


class Keys:
    """A plugin with an authenticator that must be named to be in force."""

    name = "keys"

    class Authenticator:
        name = "keys"
        schemes: tuple[str, ...] = ("bearer",)

        async def authenticate(self, credentials: Credentials) -> Principal | None:
            name = {"open-sesame": "ali", "open-barley": "cassim"}.get(credentials.value)
            return name and Principal(name, frozenset({"secret.read"}), "keys")

        def challenge(self, error: str | None = None) -> Challenge:
            return Challenge("Bearer", {"realm": "cave", **({"error": error} if error else {})})

    @hookimpl
    def zcp_authenticators(self, config: Any) -> Sequence[Any]:
        return [self.Authenticator()]


def guarded(**websocket: Any) -> tuple[Kitchen, dict[str, Any]]:
    kitchen = Kitchen(plugins=[Keys()])
    return kitchen, {"websocket": {"authenticators": ("keys",), **websocket}}


async def test_without_a_way_in_callers_are_anonymous() -> None:
    async with listening(Kitchen()) as where, websocket_client(where.url) as client:
        with pytest.raises(RemoteError, match=r"missing_scopes:secret\.read"):
            await client.call_tool("secret", {})


async def test_an_authenticator_is_in_force_only_when_named() -> None:
    kitchen = Kitchen(plugins=[Keys()])
    async with listening(kitchen) as where, raw_peer(where.port) as peer:
        assert peer.status == 101


async def test_credentials_are_needed_and_name_the_caller() -> None:
    kitchen, sections = guarded()
    async with listening(kitchen, **sections) as where:
        for headers, error in ({}, ""), ({"Authorization": "Bearer no"}, "invalid_token"):
            async with raw_peer(where.port, **headers) as peer:
                assert peer.status == 401
                assert 'www-authenticate: bearer realm="cave"' in peer.head.lower()
                assert error in peer.head
        for auth in ("open-sesame", None):
            headers = None if auth else {"authorization": "Bearer open-sesame"}
            async with websocket_client(where.url, auth=auth, headers=headers) as client:
                assert (await client.call_tool("secret", {}))["content"][0]["text"] == "rain"
        with pytest.raises(ExchangeRefused, match="do not verify") as refused:
            await websocket_client(where.url, auth="guess").initialize()
        assert refused.value.status == 401
        assert not refused.value.retryable


async def test_the_same_guard_stands_in_this_process() -> None:
    kitchen, sections = guarded()
    server = websocket_server(kitchen.app, config=configuration(kitchen.app, **sections))
    async with server:
        with pytest.raises(ExchangeRefused, match="credentials are needed"):
            await websocket_client(server).initialize()
        async with websocket_client(server, auth="open-sesame") as client:
            assert (await client.call_tool("secret", {}))["content"][0]["text"] == "rain"


class Renewing:
    """An `Authorizer` whose first token is stale."""

    def __init__(self) -> None:
        self.token = "stale"
        self.refusals: list[Any] = []

    async def headers(self, request: Any) -> dict[str, str]:
        assert request.url.startswith("http://")
        return {"authorization": f"Bearer {self.token}"}

    async def challenged(self, refusal: Any) -> bool:
        self.refusals.append(refusal)
        self.token = "open-sesame"
        return len(self.refusals) == 1


async def test_an_authorizer_is_asked_for_others() -> None:
    kitchen, sections = guarded()
    auth = Renewing()
    async with (
        listening(kitchen, **sections) as where,
        websocket_client(where.url, auth=auth) as client,
    ):
        await client.call_tool("secret", {})
    (refusal,) = auth.refusals
    assert refusal.status == 401
    assert "cave" in refusal.headers["www-authenticate"]


def encoded(token: str) -> str:
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=")


async def test_a_token_in_the_subprotocol_or_the_query_only_where_allowed() -> None:
    offered = f"mcp, zcp.bearer.{encoded('open-sesame')}"
    for allowed in (False, True):
        kitchen, sections = guarded(
            token_in_subprotocol=allowed, token_in_query="token" if allowed else ""
        )
        async with listening(kitchen, **sections) as where:
            async with raw_peer(where.port, Sec_WebSocket_Protocol=offered) as peer:
                assert peer.status == (101 if allowed else 401)
                assert "zcp.bearer" not in peer.head
            async with raw_peer(where.port, "/ws?token=open-sesame") as peer:
                assert peer.status == (101 if allowed else 401)
            async with raw_peer(where.port, Sec_WebSocket_Protocol="mcp, zcp.bearer.%") as peer:
                assert peer.status == (400 if allowed else 401)


@pytest.mark.parametrize(
    ("headers", "settings", "status"),
    [
        ({"Host": "evil.example"}, {}, 421),
        ({"Origin": "https://evil.example"}, {}, 403),
        ({"Origin": "null"}, {}, 403),
        ({"Origin": "http://localhost:3000"}, {}, 101),
        ({"Host": "localhost"}, {}, 101),
        ({"Host": "zcp.example:80"}, {"allowed_hosts": ("zcp.example",)}, 101),
        ({"Host": "a.zcp.example"}, {"allowed_hosts": ("*.zcp.example",)}, 101),
        ({"Host": "zcp.example:81"}, {"allowed_hosts": ("zcp.example:80",)}, 421),
        ({"Host": "evil.example"}, {"allowed_hosts": ("*",)}, 101),
        ({"Origin": "https://app.example"}, {"allowed_origins": ("https://app.example",)}, 101),
        ({"Origin": "https://app.example:1"}, {"allowed_origins": ("https://app.example",)}, 403),
        ({"Origin": "https://app.example"}, {"allowed_origins": ("*",)}, 101),
    ],
)
async def test_hosts_and_origins(
    headers: dict[str, str], settings: dict[str, Any], status: int
) -> None:
    async with (
        listening(Kitchen(), websocket=settings) as where,
        raw_peer(where.port, **headers) as peer,
    ):
        assert peer.status == status


async def test_another_path_is_not_found() -> None:
    async with listening(Kitchen(), websocket={"path": "/socket"}) as where:
        assert where.url.endswith("/socket")
        for path, status in (("/socket", 101), ("/socket/", 101), ("/ws", 404), ("/", 404)):
            async with raw_peer(where.port, path) as peer:
                assert peer.status == status


async def test_a_session_is_resumed_by_its_own_principal_only() -> None:
    kitchen, sections = guarded()
    async with listening(kitchen, **sections) as where:
        own = {"Authorization": "Bearer open-sesame", "Sec_WebSocket_Protocol": "zcp"}
        async with raw_peer(where.port, **own) as peer:
            await peer.send(frame(1, b'#{"session":null}'))
            got = await peer.frame()
            assert got is not None
            session = got[1].split(b'"')[3]
        resuming = frame(1, b'#{"session":"' + session + b'","received":0}')
        others = {**own, "Authorization": "Bearer open-barley"}
        async with raw_peer(where.port, **others) as peer:
            await peer.send(resuming)
            assert await peer.close_code() == 4404
        async with raw_peer(where.port, **own) as peer:
            await peer.send(resuming)
            got = await peer.frame()
            assert got is not None
            assert session in got[1]


def test_an_authenticator_nobody_brings() -> None:
    kitchen = Kitchen()
    config = configuration(kitchen.app, websocket={"authenticators": ("ghosts",)})
    with pytest.raises(ConfigError, match="ghosts"):
        _ = websocket_server(kitchen.app, config=config).application


async def test_shutdown_lets_calls_end_and_says_1001() -> None:
    kitchen = Kitchen()
    with anyio.fail_after(WAIT):
        async with anyio.create_task_group() as tasks:
            stopped = anyio.Event()
            ready = anyio.Event()
            ports: list[int] = []

            async def serve() -> None:
                async with listening(kitchen, websocket={"drain_seconds": 5}) as where:
                    ports.append(where.port)
                    ready.set()
                    await stopped.wait()

            tasks.start_soon(serve)
            await ready.wait()
            async with (
                raw_peer(ports[0], Sec_WebSocket_Protocol="mcp") as idle,
                raw_peer(ports[0], Sec_WebSocket_Protocol="mcp") as busy,
            ):
                await greet(idle)
                await greet(busy)
                await busy.say(call("count", 1, steps=2000))
                stopped.set()
                assert await idle.close_code() == 1001
                assert (await busy.message())["id"] == 1
                assert await busy.close_code() == 1001


LIMIT = {"max_requests": 8, "window_seconds": 3600}


async def test_messages_count_for_the_rate_limit() -> None:
    kitchen = Kitchen()
    async with listening(kitchen, rate_limit=LIMIT) as where:
        with anyio.fail_after(WAIT):
            async with websocket_client(where.url, revision="2025-11-25") as client:
                # The upgrade, initialize and initialized came before.
                for number in range(5):
                    await client.call_tool("add", {"a": number, "b": 1})
                with pytest.raises(RemoteError, match="too many requests") as too_many:
                    await client.call_tool("add", {"a": 6, "b": 1})
                assert too_many.value.data["retryAfter"] > 0
            async with raw_peer(where.port) as peer:
                assert peer.status == 429
                assert "retry-after: " in peer.head.lower()
    assert len(kitchen.done) == 5


async def test_upgrades_count_whether_they_are_let_in_or_not() -> None:
    kitchen, sections = guarded()
    async with listening(kitchen, **sections, rate_limit={**LIMIT, "max_requests": 3}) as where:
        statuses: list[int] = []
        for _ in range(5):
            async with raw_peer(where.port, Authorization="Bearer wrong") as peer:
                statuses.append(peer.status)
        assert statuses == [401, 401, 401, 429, 429]
        # Who signs in counts by name, not by address.
        async with raw_peer(where.port, Authorization="Bearer open-sesame") as peer:
            assert peer.status == 101


async def test_the_rate_limit_holds_in_this_process_and_for_all_sockets_together() -> None:
    kitchen = Kitchen()
    config = configuration(kitchen.app, rate_limit={**LIMIT, "max_requests": 7})
    server = websocket_server(kitchen.app, config=config)
    with anyio.fail_after(WAIT):
        for _ in range(2):
            async with websocket_client(server, revision="2025-11-25") as client:
                # Three messages came before.
                for number in range(2):
                    if len(kitchen.done) < 2:
                        await client.call_tool("add", {"a": number, "b": 1})
                        continue
                    with pytest.raises(RemoteError, match="too many requests"):
                        await client.call_tool("add", {"a": number, "b": 1})
        await server.aclose()
    assert len(kitchen.done) == 2
