"""HTTP through the face: typed keywords as the guides write them, and what a local peer holds."""

from __future__ import annotations

import pytest
from http_core import running, weather
from zcp_kernel.config import ServerConfig
from zcp_kernel.errors import ZCPError

import zcp
from zcp import (
    BearerAuthConfig,
    CORSConfig,
    HTTPConfig,
    RateLimitConfig,
    SSEConfig,
    StreamableHTTPConfig,
    ToolExposureConfig,
    WebSocketConfig,
    ZCPASGIApp,
    ZCPServerConfig,
    create_asgi_app,
)

pytestmark = pytest.mark.anyio


async def test_a_local_peer_holds_the_scopes_of_configuration() -> None:

    app = weather()
    for scopes, allowed in (("weather.read,weather.secret", True), ("weather.read", False)):
        environ = {"ZCP_SERVER__LOCAL_SCOPES": scopes}
        config = ServerConfig.load(app.host, environ=environ)
        server = zcp.stdio_server(app, config=config)
        async with server, zcp.stdio_client(server) as client:
            if allowed:
                assert await client.call_tool("secret", {})
            else:
                with pytest.raises(ZCPError, match="missing_scopes"):
                    await client.call_tool("secret", {})


async def test_typed_keywords_are_what_the_guides_say() -> None:
    config = ZCPServerConfig(
        service_name="weather-backend",
        auth=BearerAuthConfig(token="s3cret"),
        rate_limit=RateLimitConfig(window_seconds=60, max_requests=240),
        tool_exposure=ToolExposureConfig(default_profile="semantic-workflow"),
        http=HTTPConfig(health_path="/up"),
        sse=SSEConfig(path="/events"),
        streamable_http=StreamableHTTPConfig(max_sessions=3),
        websocket=WebSocketConfig(enabled=False),
        cors=CORSConfig(allow_origins=("https://app.example",)),
    )
    application = create_asgi_app(weather(), config=config)
    assert isinstance(application, ZCPASGIApp)
    settings = application.settings
    assert settings.auth.token == "s3cret"
    assert settings.rate_limit.max_requests == 240
    assert settings.streamable.max_sessions == 3
    async with running(application) as here:
        assert (await here.client("/up").request("GET")).status == 200
        assert (await here.client("/events").request("GET")).status == 401
        told = (await here.client("/metadata").request("GET")).message
    assert told["service"]["name"] == "weather-backend"
    assert "ws" not in told["surfaces"]
    assert told["exposure"]["native"]["defaultProfile"] == "semantic-workflow"
