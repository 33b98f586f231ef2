"""Who is calling: credentials as presented, the principal they stand for, the challenge if none."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from attrs import define, field, frozen

_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@frozen
class RequestFacts:
    """The request credentials came with: its HTTP method, its path as the client named it, and its
    header fields by lower-case name."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default=_NO_HEADERS, repr=False)


@frozen
class Credentials:
    """What a peer presented: an authorization scheme (lower case) and its value.

    `request` is there for schemes that sign it (RFC 9449); None where the link is no request.
    """

    scheme: str
    value: str = field(repr=False)
    request: RequestFacts | None = field(default=None, eq=False)


class CredentialsRefused(Exception):
    """Raised by an authenticator for credentials that are its own and no good: `error` goes into
    the challenge (RFC 6750, section 3.1), `message` says what to do."""

    def __init__(self, error: str, message: str) -> None:
        super().__init__(message)
        self.error = error
        self.message = message


@frozen
class AuthContext:
    """What a token says: `ctx.auth`, for handlers of callers who came with one.

    `issuer` made the token for `client_id`, on behalf of `subject` (None: the client itself).
    `audience` are the resources it is good for (RFC 8707), `expires_at` is in seconds since the
    epoch. `claims` are those of a JWT or of introspection, as they came.
    """

    issuer: str
    client_id: str | None
    subject: str | None
    scopes: frozenset[str]
    audience: tuple[str, ...] = ()
    expires_at: float | None = None
    token_id: str | None = field(default=None, repr=False)
    grant_id: str | None = field(default=None, repr=False)
    claims: Mapping[str, Any] = field(factory=dict[str, Any], eq=False, repr=False)


@frozen
class Principal:
    """A verified caller.

    `scopes` None means every scope (a local peer: stdio, in-process). `subject` names the caller
    for ownership of tasks and handles; None is anonymous. `auth` is what its token says.
    """

    subject: str | None = None
    scopes: frozenset[str] | None = frozenset()
    kind: str = "anonymous"
    claims: dict[str, Any] = field(factory=dict[str, Any], eq=False, repr=False)
    auth: AuthContext | None = field(default=None, eq=False, repr=False)

    def lacks(self, required: tuple[str, ...]) -> tuple[str, ...]:
        """The scopes of `required` this principal does not hold, in their order."""
        if self.scopes is None or not required:
            return ()
        return tuple(scope for scope in required if scope not in self.scopes)


def local_principal(scopes: tuple[str, ...] | None = None) -> Principal:
    """The peer of a stdio or in-process link: every scope, unless `scopes` narrows it."""
    return Principal(
        subject="local", scopes=None if scopes is None else frozenset(scopes), kind="local"
    )


@frozen
class Challenge:
    """What to tell a caller who is not let in (RFC 9110, section 11.6.1).

    `fields` are header fields that go with the answer, such as `DPoP-Nonce`.
    """

    scheme: str
    parameters: dict[str, str] = field(factory=dict[str, str])
    fields: dict[str, str] = field(factory=dict[str, str])


@define
class AuthProfile:
    """Where a client can get a token for this server, and the scopes there are to ask for."""

    issuer: str
    authorization_url: str | None = None
    token_url: str | None = None
    scopes: list[str] = field(factory=list[str])
    registration_url: str | None = None
    documentation_url: str | None = None
