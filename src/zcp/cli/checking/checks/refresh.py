"""Where tokens come from OAuth, a client can find out how to renew its own."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from ...jsonvalues import entries
from ..bench import Bench
from ..outcome import Check, Failed, NotApplicable
from ..wire import get, unauthenticated

_METADATA = re.compile(r'resource_metadata\s*=\s*"?(?P<url>[^",\s]+)"?', re.IGNORECASE)
PROTECTED = "/.well-known/oauth-protected-resource"
SERVERS = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
OK, UNAUTHORIZED = 200, 401


async def refresh(bench: Bench) -> str:
    """The challenge leads to the resource's metadata (RFC 9728), that to the authorization server's
    (RFC 8414), and that offers the grant `refresh_token`."""
    url = bench.need_door()
    if not url.startswith("http"):
        raise NotApplicable("tokens are renewed over HTTP")
    answer = await unauthenticated(url)
    if answer.status != UNAUTHORIZED:
        raise NotApplicable("the server asks for no credentials")
    resource = await _resource(url, answer.headers.get("www-authenticate", ""))
    issuers = entries(resource.get("authorization_servers"))
    if not issuers or not all(isinstance(each, str) for each in issuers):
        raise Failed("the resource's metadata names no authorization server")
    server = await _server(issuers[0])
    if not isinstance(server.get("token_endpoint"), str):
        raise Failed("the authorization server's metadata has no token_endpoint")
    grants = server.get("grant_types_supported", ["authorization_code", "implicit"])
    if "refresh_token" not in entries(grants):
        raise NotApplicable("the authorization server offers no refresh tokens")
    return f"{issuers[0]} renews tokens"


async def _resource(url: str, challenge: str) -> dict[str, Any]:
    """The metadata the challenge names, else that at the well-known places."""
    named = _METADATA.search(challenge)
    if named is not None:
        answer = await get(named["url"])
        if answer.status != OK:
            raise Failed(f"the metadata the challenge names is answered with HTTP {answer.status}")
        return answer.document("the resource's metadata")
    for place in _well_known(url, PROTECTED):
        answer = await get(place)
        if answer.status == OK:
            return answer.document("the resource's metadata")
    raise NotApplicable("the tokens do not come from OAuth: there is no metadata")


async def _server(issuer: str) -> dict[str, Any]:
    if urlsplit(issuer).scheme not in ("http", "https"):
        raise Failed(f"the authorization server {issuer!r} is no URL")
    for suffix in SERVERS:
        for place in dict.fromkeys((*_well_known(issuer, suffix)[:1], issuer.rstrip("/") + suffix)):
            answer = await get(place)
            if answer.status == OK:
                found = answer.document("the authorization server's metadata")
                if found.get("issuer") != issuer:
                    raise Failed(f"the metadata of {issuer} is that of {found.get('issuer')!r}")
                return found
    raise Failed(f"the authorization server {issuer} has no metadata")


def _well_known(url: str, suffix: str) -> list[str]:
    """The well-known URL with the path of `url` after it, and that of its host."""
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    return list(dict.fromkeys((origin + suffix + parts.path.rstrip("/"), origin + suffix)))


REFRESH = Check("token refresh", refresh)
