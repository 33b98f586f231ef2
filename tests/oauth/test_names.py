"""The public names of authorization are those a running server works with."""

from __future__ import annotations

from typing import Any

import pytest
from oauth_site import ISSUER, users, web_client, world
from zcp_kernel.errors import ConfigError

from zcp import (
    AccessToken,
    AuthContext,
    AuthorizationCode,
    InMemoryOAuthProvider,
    OAuthClient,
    OAuthConfig,
    OAuthProvider,
    RefreshToken,
    ResourceServerConfig,
    SQLiteOAuthProvider,
    TrustedIssuer,
    ZCPServerConfig,
)
from zcp import FastZCP as App

pytestmark = pytest.mark.anyio


async def test_the_names_are_at_work() -> None:
    stored: list[Any] = []

    class Watching(InMemoryOAuthProvider):
        def save_code(self, grant: Any, code: Any) -> None:
            stored.append(code)
            super().save_code(grant, code)

        def save_tokens(self, access: Any, refresh: Any = None, grant: Any = None) -> bool:
            stored.extend([access, refresh])
            return super().save_tokens(access, refresh, grant)

    provider = Watching()
    users(provider)
    provider.add_client(web_client())
    assert isinstance(provider, OAuthProvider)
    assert isinstance(SQLiteOAuthProvider("never opened"), OAuthProvider)
    app, seen = App("Names"), list[Any]()

    @app.tool
    def look(ctx: Any) -> str:
        seen.append(ctx.auth)
        return "seen"

    async with world(app, provider, scopes=("weather.read",)) as here:
        token = (await here.tokens())["access_token"]
        assert (await here.call(token, "look")).status == 200
    assert [type(each) for each in stored] == [AuthorizationCode, AccessToken, RefreshToken]
    assert isinstance(provider.get_client("web"), OAuthClient)
    (auth,) = seen
    assert isinstance(auth, AuthContext)
    assert (auth.subject, auth.client_id, auth.issuer) == ("u-alice", "web", ISSUER)


def test_settings_in_one_place() -> None:
    provider = InMemoryOAuthProvider()
    oauth = OAuthConfig(enabled=True, issuer=ISSUER)
    issuer = TrustedIssuer("https://idp.example")
    others = ResourceServerConfig(enabled=True, issuers=(issuer,))
    settings = ZCPServerConfig(oauth=oauth, oauth_provider=provider, resource_server=others)
    config = settings.server_config(App("Names").host, environ={})
    assert config.section(OAuthConfig).provider is provider
    assert config.section(ResourceServerConfig).issuers == (issuer,)
    with pytest.raises(ConfigError, match="oauth_provider"):
        ZCPServerConfig(oauth_provider=provider).sections()
