"""What settings do to a running server, set by environment variables and by typed keywords."""

from __future__ import annotations

from typing import Any

import pytest
from http_core import AUTH, configured, running, site, weather
from zcp_kernel.app import FastZCP
from zcp_kernel.errors import ConfigError
from zcp_kernel.hookspecs import hookimpl
from zcp_transport_http.config import BearerAuthConfig, StreamableHTTPConfig

pytestmark = pytest.mark.anyio


async def test_sessions_are_named_by_the_headers_of_configuration() -> None:
    names = StreamableHTTPConfig(session_header="x-mcp", native_session_header="x-mine")
    async with site(streamable_http=names) as here:
        for path, header in (("/mcp", "x-mcp"), ("/zcp", "x-mine")):
            client = here.client(path)
            version = "zcp/1" if path == "/zcp" else "2025-11-25"
            opened = await client.initialize(version, announce=False)
            client.headers[header] = opened.headers[header]
            assert (await client.post(client.call("ping"))).status == 200
            assert "x-mcp" in opened.headers
            assert "mcp-session-id" not in opened.headers


async def test_clients_are_told_how_long_to_pause() -> None:
    async with site(environ={"ZCP_STREAMABLE_HTTP__RETRY_MS": "4321"}) as here:
        client = here.client()
        await client.initialize("2025-11-25")
        async with client.open("GET") as stream:
            assert (await stream.event()).retry == 4321


async def test_without_sessions_only_what_needs_none_is_served() -> None:
    async with site(streamable_http=StreamableHTTPConfig(sessions=False)) as here:
        client = here.client()
        refused = await client.post(client.call("initialize", {"protocolVersion": "2025-11-25"}))
        assert refused.status == 400
        assert "sessions=False" in refused.message["error"]["message"]
        assert (await here.client("/sse").request("GET")).status == 404
        native = here.client("/zcp")
        assert (await native.post(native.tool("add", {"a": 1, "b": 2}))).status == 200


async def test_a_mount_that_names_its_surface_is_told_by_it() -> None:
    class Socket:
        surface = "socket"

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None: ...

    class Mounting:
        name = "mounting"

        @hookimpl
        def zcp_asgi_mounts(self, kernel: Any) -> dict[str, Any]:
            return {"/socket": Socket()}

    async with running(configured(FastZCP("A", plugins=[Mounting()]))) as here:
        told = (await here.client("/metadata").request("GET")).message
    assert told["surfaces"]["socket"] == {"path": "/socket"}


async def test_the_token_may_come_in_another_header_under_another_scheme() -> None:
    auth = BearerAuthConfig(token="s3cret", header_name="x-key", scheme="Key")
    async with site(auth=auth) as here:
        for headers, status in (({"x-key": "Key s3cret"}, 200), (AUTH, 401)):
            client = here.client("/zcp", **headers)
            assert (await client.post(client.call("tools/list"))).status == status


async def test_a_limit_of_time_and_a_check_of_results() -> None:
    app = FastZCP("A")

    @app.tool(output_schema={"type": "object", "required": ["there"]})
    def wrong() -> dict[str, int]:
        return {}

    environ = {"ZCP_TOOLS__DEFAULT_TIMEOUT": "0.05", "ZCP_TOOLS__OUTPUT_CHECK": "false"}
    async with site(weather(), environ=environ) as here:
        client = here.client("/zcp")
        late = await client.post(client.tool("slow", {"seconds": 30}))
        assert b"deadline" in late.body
    for checked in ("true", "false"):
        async with site(app, environ={"ZCP_TOOLS__OUTPUT_CHECK": checked}) as here:
            client = here.client("/zcp")
            answer = await client.post(client.tool("wrong"))
            assert (b"invalid output" in answer.body) is (checked == "true")


def grouped() -> FastZCP:
    app = FastZCP("Groups")

    @app.tool(meta={"groups": ["workflow"]})
    def flow() -> str:
        return "flowing"

    @app.tool
    def primitive() -> str:
        return "done"

    return app


@pytest.mark.parametrize(
    ("path", "environ", "listed", "status"),
    [
        ("/zcp", {"ZCP_EXPOSURE__DEFAULT_PROFILE": "semantic-workflow"}, ["flow"], "not_found"),
        ("/zcp", {}, ["flow", "primitive"], "done"),
        (
            "/mcp",
            {"ZCP_EXPOSURE__DEFAULT_PROFILES": "mcp=semantic-workflow"},
            ["flow"],
            "not_found",
        ),
        (
            "/zcp",
            {
                "ZCP_EXPOSURE__DEFAULT_PROFILE": "semantic-workflow",
                "ZCP_EXPOSURE__ENFORCE_VISIBILITY": "false",
            },
            ["flow"],
            "done",
        ),
        (
            "/zcp",
            {
                "ZCP_EXPOSURE__DEFAULT_PROFILE": "semantic-workflow",
                "ZCP_EXPOSURE__ALLOW_CLIENT_FILTERS": "true",
            },
            ["flow"],
            "done",
        ),
    ],
)
async def test_which_tools_are_shown_and_whether_others_can_be_called(
    path: str, environ: Any, listed: list[str], status: str
) -> None:
    async with site(grouped(), environ=environ) as here:
        client = here.client(path)
        if path == "/mcp":
            await client.initialize()
        tools = (await client.post(client.call("tools/list"))).message["result"]["tools"]
        assert [tool["name"] for tool in tools] == listed
        answer = await client.post(client.tool("primitive"))
        assert status in answer.body.decode()


def test_a_key_ring_nobody_brings_is_an_error() -> None:
    with pytest.raises(ConfigError, match="no such KeyRing; known: memory"):
        configured(weather(), ZCP_KEYS__RING="far")
