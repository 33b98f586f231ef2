"""What a client holds after a login, and how it is written down."""

from __future__ import annotations

import json
from typing import Any

from attrs import field, frozen

from ..shapes import members_of, strings_of
from .errors import OAuthError

EARLY_SECONDS = 30.0
EARLY_SHARE = 0.1
"""A token is renewed this long before its end, or this part of its life, whichever is shorter."""


@frozen
class ClientIdentity:
    """Who the client is at one authorization server.

    `method` is how it proves that (RFC 7591, `token_endpoint_auth_method`); `private_key` is a PEM
    or JWK for `private_key_jwt`, signed with `algorithm`. `secret_expires_at` None: never.
    """

    client_id: str
    secret: str | None = field(default=None, repr=False)
    method: str | None = None
    secret_expires_at: float | None = None
    redirect_uri: str | None = None
    private_key: Any = field(default=None, repr=False)
    algorithm: str = "ES256"

    def expired(self, now: float) -> bool:
        """Whether it has to be registered anew."""
        return self.secret_expires_at is not None and now >= self.secret_expires_at


@frozen
class Tokens:
    """What a token endpoint gave. Times are seconds since the epoch; `expires_at` None: unknown.

    `scopes` are those granted; None if neither client nor server named any.
    """

    access_token: str = field(repr=False)
    token_type: str = "bearer"
    obtained_at: float = 0.0
    expires_at: float | None = None
    refresh_token: str | None = field(default=None, repr=False)
    scopes: tuple[str, ...] | None = None

    def due(self, now: float) -> bool:
        """Whether it is time for the next."""
        if self.expires_at is None:
            return False
        life = max(self.expires_at - self.obtained_at, 0.0)
        return now >= self.expires_at - min(EARLY_SECONDS, life * EARLY_SHARE)

    def over(self, now: float) -> bool:
        """Whether it is no good any more."""
        return self.expires_at is not None and now >= self.expires_at


@frozen
class Session:
    """A login at one server: with whom, as whom, for what.

    `requested` are the scopes asked for so far. `dpop_key` is the private JWK the tokens are bound
    to, None if they are not.
    """

    server: str
    issuer: str
    token_endpoint: str
    client: ClientIdentity
    tokens: Tokens
    resource: str | None = None
    revocation_endpoint: str | None = None
    requested: tuple[str, ...] = ()
    dpop_key: dict[str, Any] | None = field(default=None, repr=False)


def session_text(session: Session) -> str:
    """A session as JSON, secrets and all; a private key of the configuration is left out."""
    tokens, client = session.tokens, session.client
    return json.dumps(
        {
            "version": 1,
            "server": session.server,
            "issuer": session.issuer,
            "token_endpoint": session.token_endpoint,
            "revocation_endpoint": session.revocation_endpoint,
            "resource": session.resource,
            "requested": session.requested,
            "dpop_key": session.dpop_key,
            "client": client_members(client),
            "tokens": {
                "access_token": tokens.access_token,
                "token_type": tokens.token_type,
                "obtained_at": tokens.obtained_at,
                "expires_at": tokens.expires_at,
                "refresh_token": tokens.refresh_token,
                "scopes": tokens.scopes,
            },
        }
    )


def read_session(text: str) -> Session:
    """Raises `OAuthError` for what no `session_text` is."""
    try:
        found = members_of(json.loads(text))
        tokens: dict[str, Any] = members_of(found["tokens"])
        scopes = tokens.pop("scopes")
        return Session(
            found["server"],
            found["issuer"],
            found["token_endpoint"],
            read_client(found["client"]),
            Tokens(**tokens, scopes=None if scopes is None else tuple(strings_of(scopes))),
            found["resource"],
            found["revocation_endpoint"],
            tuple(strings_of(found["requested"])),
            found["dpop_key"],
        )
    except (ValueError, KeyError, TypeError):
        raise OAuthError("stored credentials cannot be read; log in again") from None


def client_members(client: ClientIdentity) -> dict[str, Any]:
    """A client as JSON has it, without a private key."""
    return {
        "client_id": client.client_id,
        "secret": client.secret,
        "method": client.method,
        "secret_expires_at": client.secret_expires_at,
        "redirect_uri": client.redirect_uri,
    }


def read_client(members: dict[str, Any]) -> ClientIdentity:
    """Raises `TypeError` for what no `client_members` are."""
    return ClientIdentity(**members)
