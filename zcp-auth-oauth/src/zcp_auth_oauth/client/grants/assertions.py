"""Tokens for what others vouch for: workload identity and enterprise-managed authorization."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import anyio
from attrs import field, frozen

from ..discovery.metadata import safe_endpoint
from ..errors import DiscoveryFailed, OAuthError, TokenRefused, told
from ..session import ClientIdentity, Tokens
from ..tokens.endpoint import TokenEndpoint
from .contract import Errand, Obtained

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_JAG = "urn:ietf:params:oauth:token-type:id-jag"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"

Provider = Callable[[], "str | Awaitable[str]"]
"""Gives a token anew each time it is called: those of others end, too."""

Source = str | Path | Provider
"""A token: itself, a file it is read from each time, or what gives it."""


async def token_from(source: Source, what: str) -> str:
    """Raises `OAuthError` if there is none."""
    try:
        if isinstance(source, str):
            found: Any = source
        elif isinstance(source, Path):
            found = await anyio.Path(source).read_text("utf-8")
        else:
            given = source()
            found = await given if inspect.isawaitable(given) else given
    except (OSError, UnicodeError) as error:
        raise OAuthError(f"{what} cannot be read: {type(error).__name__}") from None
    if not isinstance(found, str) or not found.strip():
        raise OAuthError(f"there is no {what}")
    return found.strip()


@frozen
class WorkloadGrant:
    """A workload acts by the identity its platform gives it: a JWT for the authorization server
    (RFC 7523, section 2.1; MCP SEP-1933), from a file such as Kubernetes mounts, or a function.
    What is refused is not tried in another way."""

    client_id: str
    assertion: Source = field(repr=False)
    issuer: str | None = None
    steps_up: bool = field(default=False, init=False)
    is_bound: bool = field(default=True, init=False)

    async def obtain(self, errand: Errand) -> Obtained:
        """Raises `OAuthError`."""
        client = ClientIdentity(self.client_id, method="none")
        assertion = await token_from(self.assertion, "workload identity token")
        return Obtained(client, await _by_assertion(errand, client, assertion))

    def completed(self, client: ClientIdentity) -> ClientIdentity:
        return client


@frozen
class EnterpriseGrant:
    """An employer's identity provider says what its users may use (MCP ext-auth, enterprise-managed
    authorization).

    `identity` is the user's ID token of the provider whose token endpoint is `provider_url`, where
    this program is the client `provider_client`. It is exchanged there (RFC 8693) for an assertion
    for the server's authorization server, where this program is `client`.
    """

    client: ClientIdentity
    identity: Source = field(repr=False)
    provider_url: str
    provider_client: ClientIdentity
    identity_type: str = ID_TOKEN
    issuer: str | None = None
    steps_up: bool = field(default=True, init=False)
    is_bound: bool = field(default=True, init=False)

    async def obtain(self, errand: Errand) -> Obtained:
        """Raises `OAuthError`."""
        return Obtained(
            self.client, await _by_assertion(errand, self.client, await self._assertion(errand))
        )

    def completed(self, client: ClientIdentity) -> ClientIdentity:
        return self.client

    async def _assertion(self, errand: Errand) -> str:
        if not safe_endpoint(self.provider_url):
            raise DiscoveryFailed(f"the identity provider {self.provider_url!r} is no https URL")
        provider = TokenEndpoint(
            errand.web, self.provider_url, self.provider_url, None, errand.clock
        )
        answer = await provider.ask(
            self.provider_client,
            {
                "grant_type": TOKEN_EXCHANGE,
                "requested_token_type": ID_JAG,
                "audience": errand.authority.issuer.issuer,
                "resource": errand.authority.resource or errand.server,
                "scope": errand.scope,
                "subject_token": await token_from(self.identity, "ID token"),
                "subject_token_type": self.identity_type,
            },
        )
        kind, assertion = answer.get("issued_token_type"), answer.get("access_token")
        if kind != ID_JAG or not isinstance(assertion, str):
            raise TokenRefused(
                f"{self.provider_url} gave {told(kind)!r} instead of an ID-JAG", None, 200
            )
        return assertion


async def _by_assertion(errand: Errand, client: ClientIdentity, assertion: str) -> Tokens:
    form = {
        "grant_type": JWT_BEARER,
        "assertion": assertion,
        "scope": errand.scope,
        "resource": errand.authority.resource,
    }
    return await errand.endpoint().tokens(client, form, errand.scopes)
