"""From a browser to a tool: the authorization code grant as a whole."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from oauth_site import ISSUER, REDIRECT, answer_of, world

pytestmark = pytest.mark.anyio


async def test_from_the_browser_to_the_tool() -> None:
    async with world() as here:
        url = await here.browser().walk(here.authorize_url())
        answer = answer_of(url)
        assert url.startswith(f"{REDIRECT}?")
        assert answer["state"] == "st&te=1"
        assert answer["iss"] == ISSUER
        issued = await here.exchange(answer["code"])
        assert issued.status == 200
        assert issued.headers["cache-control"] == "no-store"
        tokens = issued.message
        assert tokens["token_type"] == "Bearer"
        assert tokens["scope"] == "weather.read"
        assert tokens["expires_in"] == 900
        assert (await here.call(tokens["access_token"])).status == 200
        who = await here.call(tokens["access_token"], "who")
    told = who.message["result"]["structuredContent"]
    assert told["subject"] == "u-alice"
    assert told["client"] == "web"
    assert told["scopes"] == ["weather.read"]
    assert told["audience"] == [f"{ISSUER}/mcp"]
    assert urlsplit(url).fragment == ""
