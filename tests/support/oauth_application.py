"""A server with authorization as its operator deploys it: a file, an issuer, tools with scopes.

`OAUTH_ISSUER` says where it is, `OAUTH_DATABASE` which file it keeps, `OAUTH_SETTINGS` further
settings of section `oauth` as JSON. Served by name: `tests.support.oauth_application:application`.
"""

from __future__ import annotations

import json
import os
from typing import Any

from zcp_auth_oauth.config import OAuthConfig
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ServerConfig
from zcp_transport_http.app import create_asgi_app

app = FastZCP("Weather", version="1.0")


@app.tool(required_scopes=("weather.read",))
def forecast() -> str:
    """Say what the weather will be."""
    return "rain"


@app.tool(required_scopes=("weather.read", "weather.write"))
def change() -> str:
    """Change the weather."""
    return "sun"


@app.tool
def who(ctx: Any) -> dict[str, Any]:
    """Say who is calling, for which client, with which scopes."""
    auth = ctx.auth
    return {
        "subject": auth.subject,
        "client": auth.client_id,
        "scopes": sorted(auth.scopes),
    }


def _config() -> ServerConfig:
    issuer, database = os.environ["OAUTH_ISSUER"], os.environ["OAUTH_DATABASE"]
    settings: dict[str, Any] = json.loads(os.environ.get("OAUTH_SETTINGS", "{}"))
    oauth = OAuthConfig(enabled=True, issuer=issuer, database=database, **settings)
    return ServerConfig(sections={"oauth": oauth})


application = create_asgi_app(app, _config())
