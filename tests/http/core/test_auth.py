"""Who is let in, what they hold, and what a refusal tells them."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from http_core import AUTH, configured, site, weather
from zcp_kernel.app import FastZCP
from zcp_kernel.errors import ConfigError
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.security import AuthProfile, Challenge, Credentials, Principal
from zcp_transport_http.config import BearerAuthConfig, HTTPConfig

pytestmark = pytest.mark.anyio

PROFILE = AuthProfile("https://auth.example", scopes=["weather.read", "weather.secret"])


async def status_of(client: Any, tool: str = "add") -> int:
    """The status of a stateless call on the native plane."""
    answer = await client.post(client.tool(tool, {"a": 1, "b": 2} if tool == "add" else {}))
    return int(answer.status)


async def test_without_a_way_in_everybody_is_anonymous_and_holds_nothing() -> None:
    async with site() as here:
        native = here.client("/zcp")
        assert await status_of(native) == 200
        refused = await native.post(native.tool("secret"))
        assert refused.status == 403
        assert refused.message["error"]["data"]["scopes"] == ["weather.read", "weather.secret"]
        assert "www-authenticate" not in refused.headers, "there is nothing to sign in to"


async def test_and_the_start_says_so(caplog: pytest.LogCaptureFixture) -> None:
    configured(weather()).composition.advise()
    (warning,) = [each.getMessage() for each in caplog.records if "scopes" in each.getMessage()]
    assert "weather.read, weather.secret" in warning
    assert "ZCP_AUTH__TOKEN" in warning


@pytest.mark.parametrize("path", ["/mcp", "/zcp", "/sse", "/messages", "/metrics"])
async def test_with_a_token_set_it_is_needed(path: str) -> None:
    method = "POST" if path == "/messages" else "GET"
    async with site(auth=BearerAuthConfig(token="s3cret")) as here:
        nothing = await here.client(path).request(method)
        wrong = await here.client(path, authorization="Bearer nope").request(method)
        right = await here.client(path, **AUTH).request(method, headers={"accept": "text/plain"})
    assert nothing.status == wrong.status == 401
    assert nothing.headers["www-authenticate"] == "Bearer"
    assert wrong.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    assert right.status != 401


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metadata"])
async def test_operators_probes_need_none(path: str) -> None:
    async with site(auth=BearerAuthConfig(token="s3cret")) as here:
        answer = await here.client(path).request("GET")
        assert answer.status == 200
        assert b"s3cret" not in answer.body


async def test_a_token_in_the_query_is_not_looked_at() -> None:
    async with site(auth=BearerAuthConfig(token="s3cret")) as here:
        answer = await here.client("/zcp?access_token=s3cret&token=s3cret").request("GET")
    assert answer.status == 401


@pytest.mark.parametrize(
    ("settings", "header", "value", "expected"),
    [
        ({}, "authorization", "bearer s3cret", 200),
        ({}, "authorization", "BEARER   s3cret ", 200),
        ({}, "authorization", "s3cret", 401),
        ({}, "authorization", "Basic s3cret", 401),
        ({}, "authorization", "Bearer s3cret2", 401),
        ({}, "authorization", "Bearer s\u00e9cret", 401),
        ({}, "x-api-key", "s3cret", 401),
        ({"header_name": "X-API-Key", "scheme": ""}, "x-api-key", "s3cret", 200),
        ({"header_name": "X-API-Key", "scheme": ""}, "x-api-key", "Bearer s3cret", 401),
        ({"header_name": "X-API-Key", "scheme": ""}, "authorization", "Bearer s3cret", 401),
        ({"header_name": "x-token", "scheme": "Key"}, "x-token", "key s3cret", 200),
        ({"scheme": "Token"}, "authorization", "Bearer s3cret", 401),
    ],
)
async def test_header_and_scheme_are_what_configuration_says(
    settings: Any, header: str, value: str, expected: int
) -> None:
    async with site(auth=BearerAuthConfig(token="s3cret", **settings)) as here:
        assert await status_of(here.client("/zcp", **{header: value})) == expected


@pytest.mark.parametrize(
    ("scopes", "profile", "expected"),
    [
        (None, PROFILE, 200),
        (None, None, 403),
        (("weather.read",), PROFILE, 403),
        (("weather.read", "weather.secret"), None, 200),
    ],
)
async def test_what_the_bearer_holds(scopes: Any, profile: Any, expected: int) -> None:
    auth = BearerAuthConfig(token="s3cret", scopes=scopes)
    async with site(weather(auth_profile=profile), auth=auth) as here:
        assert await status_of(here.client("/zcp", **AUTH), "secret") == expected


async def test_a_missing_scope_is_answered_with_a_challenge_that_names_all() -> None:
    auth = BearerAuthConfig(token="s3cret", scopes=("weather.read", "other"))
    async with site(auth=auth) as here:
        client = here.client("/zcp", **AUTH)
        answer = await client.post(client.tool("secret"))
        mcp = here.client("/mcp", **AUTH)
        await mcp.initialize()
        in_a_session = await mcp.post(mcp.tool("secret"))
    challenge = 'Bearer error="insufficient_scope", scope="other weather.read weather.secret"'
    for each in (answer, in_a_session):
        assert each.status == 403
        assert each.headers["www-authenticate"] == challenge


async def test_the_bearer_is_a_principal_with_a_name() -> None:
    app = FastZCP("Who")

    @app.tool
    def who(ctx: Any) -> str:
        return f"{ctx.principal.kind}:{ctx.principal.subject}"

    async with site(app, auth=BearerAuthConfig(token="s3cret", subject="robot")) as here:
        client = here.client("/zcp", **AUTH)
        answer = await client.post(client.tool("who"))
    assert "bearer:robot" in answer.body.decode()


def test_a_token_nobody_has_to_guess(caplog: pytest.LogCaptureFixture) -> None:
    production = {"server": {"environment": "production"}}
    for token, warned in (("replace-me", True), ("ChangeMe ", True), ("a-real-one", False)):
        caplog.clear()
        auth = BearerAuthConfig(token=token)
        configured(FastZCP("A"), {**production, "auth": auth}).composition.advise()
        assert ("placeholder" in caplog.text) is warned
    caplog.clear()
    auth = BearerAuthConfig(token="replace-me")
    configured(FastZCP("A"), {"auth": auth}).composition.advise()
    assert "placeholder" not in caplog.text


@pytest.mark.parametrize("token", ["", "  "])
def test_an_empty_token_is_an_error(token: str) -> None:
    with pytest.raises(ValueError, match="token is empty"):
        BearerAuthConfig(token=token)
    with pytest.raises(ConfigError, match="token is empty"):
        configured(FastZCP("A"), ZCP_AUTH__TOKEN=token)


def test_a_token_is_never_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    application = configured(weather(), {"auth": BearerAuthConfig(token="s3cret")})
    application.composition.advise()
    assert "s3cret" not in caplog.text
    assert "s3cret" not in repr(application.settings.auth)


# -- several ways in -------------------------------------------------------------------------------


class Badge:
    """An authenticator that knows one badge, and counts what it is asked."""

    def __init__(self, name: str, scheme: str, badge: str) -> None:
        self.name = name
        self.schemes = (scheme,)
        self._badge = badge
        self.asked: list[Credentials] = []

    async def authenticate(self, credentials: Credentials) -> Principal | None:
        self.asked.append(credentials)
        if credentials.value != self._badge:
            return None
        return Principal(self.name, frozenset(), "badge")

    def challenge(self, error: str | None = None) -> Challenge:
        return Challenge("Badge", {"realm": 'the "inner" ring'})


class Door:
    """A plugin with authenticators."""

    name = "door"

    def __init__(self, *badges: Badge) -> None:
        self._badges = badges

    @hookimpl
    def zcp_authenticators(self, config: Any) -> list[Badge]:
        return [*self._badges]


async def test_a_plugin_that_is_only_installed_adds_no_way_in() -> None:
    badge = Badge("badge", "badge", "gold")
    async with site(FastZCP("A", plugins=[Door(badge)])) as here:
        client = here.client("/zcp", authorization="Badge wrong")
        assert (await client.post(client.call("tools/list"))).status == 200
        assert badge.asked == []
    with pytest.raises(ConfigError, match=r"no plugin brings nothing; there are: badge"):
        configured(
            FastZCP("A", plugins=[Door(badge)]), {"http": HTTPConfig(authenticators=("nothing",))}
        )


async def test_any_that_verifies_wins_and_a_failed_one_is_nothing_else() -> None:
    gold, also_bearer = Badge("gold", "badge", "gold"), Badge("silver", "bearer", "silver")
    app = FastZCP("A", plugins=[Door(gold, also_bearer)])
    http = HTTPConfig(authenticators=("gold", "silver"))
    async with site(app, http=http, auth=BearerAuthConfig(token="s3cret")) as here:

        async def ask(value: str) -> Any:
            client = here.client("/zcp", authorization=value)
            return await client.post(client.call("tools/list"))

        for value in ("Bearer s3cret", "Bearer silver", "Badge gold"):
            assert (await ask(value)).status == 200, value
        gold.asked.clear()
        also_bearer.asked.clear()
        refused = await ask("Bearer gold")
        assert refused.status == 401
        assert gold.asked == [], "a bearer token is never tried as a badge"
        assert also_bearer.asked == [Credentials("bearer", "gold")]
        assert (await ask("Badge nope")).status == 401


async def test_every_way_in_is_challenged() -> None:
    app = FastZCP("A", plugins=[Door(Badge("gold", "badge", "gold"))])
    http = HTTPConfig(authenticators=("gold",))
    async with site(app, http=http) as here:
        answer = await here.client("/zcp").request("GET")
        metadata = (await here.client("/metadata").request("GET")).message
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == 'Badge realm="the \\"inner\\" ring"'
    assert metadata["authentication"] == {"required": True, "ways": ["gold"]}
