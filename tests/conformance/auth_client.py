"""The authorization scenarios of the client fixture, made of public names alone.

A user's browser is scripted: it asks for the login page, which the suite answers with a redirect,
and says where it was sent.
"""

from __future__ import annotations

from typing import Any

import httpx2
from zcp_auth_oauth.client import (
    CallbackRedirect,
    ClientCredentialsGrant,
    ClientIdentity,
    EnterpriseGrant,
    Grant,
    OAuthAuthorizer,
    UserGrant,
    WorkloadGrant,
)

from zcp import streamable_http_client

PREFIX = "auth/"
CALLBACK = "http://localhost:3000/callback"
DOCUMENT = "https://conformance-test.local/client-metadata.json"

GIVES_UP: frozenset[str] = frozenset(
    f"auth/{name}"
    for name in (
        "scope-retry-limit", "resource-mismatch", "iss-supported-missing", "iss-wrong-issuer",
        "iss-unexpected", "iss-normalized", "metadata-issuer-mismatch",
    )
)  # fmt: skip
"""Scenarios in which a client is to stop: here it is an error if it does not."""


async def browse(url: str) -> str:
    """Where the browser is sent in the end."""
    async with httpx2.AsyncClient() as browser:
        return str((await browser.get(url)).headers["location"])


def grant_for(scenario: str, context: dict[str, Any]) -> Grant:
    """How the scenario wants tokens to be got."""
    name = scenario.removeprefix(PREFIX)
    if name == "client-credentials-jwt":
        key, algorithm = context["private_key_pem"], context["signing_algorithm"]
        return ClientCredentialsGrant(
            ClientIdentity(context["client_id"], private_key=key, algorithm=algorithm)
        )
    if name == "client-credentials-basic":
        return ClientCredentialsGrant(
            ClientIdentity(context["client_id"], context["client_secret"])
        )
    if name == "wif-jwt-bearer":
        return WorkloadGrant(context["client_id"], context["valid_jwt"])
    if name == "enterprise-managed-authorization":
        return EnterpriseGrant(
            ClientIdentity(context["client_id"], context["client_secret"]),
            context["idp_id_token"],
            context["idp_token_endpoint"],
            ClientIdentity(context["idp_client_id"]),
        )
    client = None
    if name == "pre-registration":
        client = ClientIdentity(context["client_id"], context["client_secret"])
    return UserGrant(CallbackRedirect(CALLBACK, browse), client, DOCUMENT)


async def run(url: str, scenario: str, revision: str | None, context: dict[str, Any]) -> None:
    """Log in as the scenario wants, list the tools and call one, then another time."""
    auth = OAuthAuthorizer(
        url, grant_for(scenario, context), dpop=scenario.startswith("auth/dpop") or None
    )
    async with streamable_http_client(url, revision=revision, auth=auth, timeout=20.0) as client:
        await client.list_tools()
        await client.call_tool("test-tool", {})
