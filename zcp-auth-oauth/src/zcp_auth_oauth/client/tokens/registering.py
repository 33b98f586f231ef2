"""Becoming a client of an authorization server: dynamic registration (RFC 7591)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from ...config import is_loopback
from ..discovery.metadata import IssuerMetadata
from ..errors import RegistrationFailed, told
from ..fetching.web import Web
from ..session import ClientIdentity
from .proving import BASIC, NONE, POST

GOOD = (200, 201)


def method_to_register(supported: Sequence[str] | None) -> str:
    """How a client that registers on the fly is to prove itself: not at all where that is allowed,
    since a program on a user's machine keeps no secret (RFC 8252, section 8.5)."""
    if supported is None:
        return BASIC
    for method in (NONE, BASIC, POST):
        if method in supported:
            return method
    raise RegistrationFailed(
        f"the authorization server accepts {', '.join(supported)} only; register a client there, "
        "and give its client_id"
    )


async def register(
    web: Web, issuer: IssuerMetadata, name: str, redirect_uri: str, *, dpop: bool = False
) -> ClientIdentity:
    """A new client that comes back to `redirect_uri`. Raises `RegistrationFailed`."""
    if issuer.registration_endpoint is None:
        raise RegistrationFailed(
            f"{issuer.issuer} registers no clients on the fly; register one there, with the "
            f"redirect URI {redirect_uri}, and give its client_id"
        )
    method = method_to_register(issuer.auth_methods)
    asked: dict[str, Any] = {
        "client_name": name,
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "application_type": _application_type(redirect_uri),
    }
    if dpop:
        asked["dpop_bound_access_tokens"] = True
    headers = {"content-type": "application/json"}
    reply = await web.post(issuer.registration_endpoint, json.dumps(asked).encode(), headers)
    members = reply.members() or {}
    if reply.status not in GOOD or not isinstance(members.get("client_id"), str):
        said = members.get("error_description") or members.get("error") or ""
        raise RegistrationFailed(
            f"{issuer.registration_endpoint} registered no client ({reply.status} {told(said)})"
        )
    return _identity(members, method, redirect_uri)


def _identity(members: Mapping[str, Any], asked: str, redirect_uri: str) -> ClientIdentity:
    secret, ends = members.get("client_secret"), members.get("client_secret_expires_at")
    method = members.get("token_endpoint_auth_method")
    if not isinstance(method, str):
        method = asked
    if method in (BASIC, POST) and not isinstance(secret, str):
        # Registered as a public client, whatever was asked for.
        method = NONE
    return ClientIdentity(
        str(members["client_id"]),
        secret if isinstance(secret, str) and method != NONE else None,
        method,
        float(ends) if isinstance(ends, (int, float)) and ends > 0 else None,
        redirect_uri,
    )


def _application_type(redirect_uri: str) -> str:
    """`native` for what comes back to this machine (OpenID Connect Registration, section 2)."""
    parts = urlsplit(redirect_uri)
    return "web" if parts.scheme == "https" and not is_loopback(parts.hostname) else "native"
