"""Paths, methods and mounts."""

from __future__ import annotations

import json
from typing import Any

import pytest
from asgi import BASE, Client
from http_core import configured, running, site, weather
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route, WebSocketRoute
from zcp_kernel.app import FastZCP
from zcp_kernel.errors import ConfigError
from zcp_kernel.hookspecs import hookimpl
from zcp_transport_http.client.memory import MemoryHTTP
from zcp_transport_http.config import HTTPConfig, SSEConfig

pytestmark = pytest.mark.anyio

PATHS = ["/healthz", "/mcp", "/messages", "/metadata", "/metrics", "/readyz", "/sse", "/zcp"]


async def test_every_surface_is_where_the_guides_say() -> None:
    async with site() as here:
        client = here.client()
        await client.initialize()
        assert (await client.post(client.tool("add", {"a": 1, "b": 2}))).status == 200
        native = here.client("/zcp")
        answer = await native.post(native.call("tools/list"))
        assert answer.message["result"]["tools"][0]["name"] == "add"
        for path in ("/healthz", "/readyz", "/metadata", "/metrics"):
            assert (await here.client(path).request("GET")).status == 200, path


async def test_a_trailing_slash_is_served_without_a_redirect() -> None:
    async with site() as here:
        client = here.client("/mcp/")
        assert (await client.initialize()).status == 200
        assert (await here.client("/healthz/").request("GET")).status == 200


async def test_an_unknown_path_names_the_paths_there_are() -> None:
    async with site() as here:
        answer = await here.client("/mpc").request("GET")
    assert answer.status == 404
    # Plugins that happen to be installed may bring more.
    assert {*PATHS} <= {*answer.message["error"]["data"]["paths"]}
    assert "/mpc" in answer.message["error"]["message"]


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/mcp", "PUT", "GET, POST, DELETE, OPTIONS"),
        ("/mcp", "HEAD", "GET, POST, DELETE, OPTIONS"),
        ("/healthz", "POST", "GET, HEAD, OPTIONS"),
        ("/messages", "GET", "POST, OPTIONS"),
    ],
)
async def test_a_method_that_is_not_there(path: str, method: str, allowed: str) -> None:
    async with site() as here:
        answer = await here.client(path).request(method)
        asked = await here.client(path).request("OPTIONS")
    assert answer.status == 405
    assert answer.headers["allow"] == allowed
    assert (asked.status, asked.headers["allow"], asked.body) == (204, allowed, b"")


async def test_head_is_get_without_a_body() -> None:
    async with site() as here:
        got = await here.client("/healthz").request("GET")
        head = await here.client("/healthz").request("HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(got.body))


async def test_paths_are_a_matter_of_configuration() -> None:
    http = HTTPConfig(
        mcp_path="/a/mcp", zcp_path="/b", health_path="/up", ready_path="/ready",
        metadata_path="/about", metrics_path="",
    )  # fmt: skip
    sse = SSEConfig(path="/events", message_path="/post")
    async with site(http=http, sse=sse) as here:
        answer = await here.client("/").request("GET")
        paths = ["/a/mcp", "/about", "/b", "/events", "/post", "/ready", "/up"]
        assert {*paths} <= {*answer.message["error"]["data"]["paths"]}
        assert (await here.client("/a/mcp").initialize()).status == 200
        assert (await here.client("/b").initialize("zcp/1")).status == 200


async def test_the_sse_transport_can_be_left_out() -> None:
    async with site(sse=SSEConfig(enabled=False)) as here:
        assert (await here.client("/sse").request("GET")).status == 404
        assert (await here.client("/messages").request("POST")).status == 404


def test_two_surfaces_cannot_have_one_path() -> None:
    with pytest.raises(ConfigError, match=r"mcp and zcp both have the path /mcp"):
        configured(weather(), {"http": HTTPConfig(zcp_path="/mcp")})


# -- below a prefix --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/healthz", "/healthz"])
async def test_a_root_path_is_honoured_whether_the_path_has_it_or_not(path: str) -> None:
    async with site() as here:

        async def below(scope: Any, receive: Any, send: Any) -> None:
            await here.application({**scope, "root_path": "/api"}, receive, send)

        http = MemoryHTTP(below, here.tasks)
        async with http.request("GET", BASE + path, {}) as response:
            assert response.status == 200
        async with http.request("GET", BASE + "/api/no", {}) as response:
            paths = json.loads(await response.read())["error"]["data"]["paths"]
            assert paths[0] == "/api/healthz"


async def test_below_a_prefix_of_a_starlette_application() -> None:
    async def home(request: Any) -> PlainTextResponse:
        return PlainTextResponse("home")

    async with running(configured(weather())) as here:
        routes = [Route("/", home), Mount("/tools/v1", app=here.application)]
        outer = Client(MemoryHTTP(Starlette(routes=routes), here.tasks), "/tools/v1/mcp")
        assert (await outer.request("GET", path="/")).body == b"home"
        assert (await outer.request("GET", path="/tools/v1/healthz")).status == 200
        metadata = (await outer.request("GET", path="/tools/v1/metadata")).message
        assert metadata["surfaces"]["mcp"]["path"] == "/tools/v1/mcp"
        opened = await outer.initialize()
        assert opened.message["result"]["serverInfo"]["name"] == "Weather"
        assert (await outer.post(outer.tool("add", {"a": 1, "b": 2}))).status == 200


# -- what plugins mount ----------------------------------------------------------------------------


class Mounting:
    """Mounts a little application at a path."""

    name = "mounting"

    def __init__(self, path: str = "/extra") -> None:
        self._path = path

    @hookimpl
    def zcp_asgi_mounts(self, kernel: Any) -> dict[str, Any]:
        async def hello(request: Any) -> PlainTextResponse:
            return PlainTextResponse(f"hello from {request.scope['root_path']}")

        async def echo(websocket: Any) -> None:
            await websocket.accept()
            await websocket.send_text(await websocket.receive_text())
            await websocket.close()

        routes = [Route("/", hello), Route("/hello", hello), WebSocketRoute("/", echo)]
        return {self._path: Starlette(routes=routes)}


def mounting(path: str = "/extra") -> FastZCP:
    return FastZCP("Mounts", plugins=[Mounting(path)])


async def test_a_plugins_application_is_served_at_its_path() -> None:
    async with site(mounting()) as here:
        hello = await here.client("/extra/hello").request("GET")
        assert (hello.status, hello.body) == (200, b"hello from /extra")
        metadata = (await here.client("/metadata").request("GET")).message
        assert metadata["surfaces"]["mounts"] == ["/extra"]
        assert (await here.client("/extras").request("GET")).status == 404


async def test_the_host_guard_stands_before_a_mount() -> None:
    async with site(mounting()) as here:
        refused = await here.client("/extra/hello").request("GET", headers={"host": "evil.example"})
    assert refused.status == 421


def test_a_mount_cannot_take_a_path_that_is_taken() -> None:
    with pytest.raises(ConfigError, match=r"both have the path /mcp"):
        configured(mounting("/mcp"))


async def websocket(application: Any, path: str) -> list[dict[str, Any]]:
    """What an application sends to a peer that connects and says one thing."""
    sent: list[dict[str, Any]] = []
    said = iter(
        [
            {"type": "websocket.connect"},
            {"type": "websocket.receive", "text": "there and back"},
            {"type": "websocket.disconnect", "code": 1000},
        ]
    )

    async def receive() -> dict[str, Any]:
        return next(said)

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await application({"type": "websocket", "path": path, "headers": []}, receive, send)
    return sent


async def test_a_websocket_goes_to_the_mount_that_claims_it() -> None:
    async with running(configured(mounting())) as here:
        accepted, echoed, _ = await websocket(here.application, "/extra/")
    assert accepted["type"] == "websocket.accept"
    assert echoed["text"] == "there and back"


async def test_a_websocket_nobody_claims_is_refused() -> None:
    async with running(configured(mounting())) as here:
        (closed,) = await websocket(here.application, "/socket")
    assert closed["type"] == "websocket.close"
    assert "/socket" in closed["reason"]
