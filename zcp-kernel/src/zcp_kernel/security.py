"""Who is calling: credentials as presented, the principal they stand for, the challenge if none."""

from __future__ import annotations

from typing import Any

from attrs import define, field, frozen


@frozen
class Credentials:
    """What a peer presented: an authorization scheme (lower case) and its value."""

    scheme: str
    value: str


@frozen
class Principal:
    """A verified caller.

    `scopes` None means every scope (a local peer: stdio, in-process). `subject` names the caller
    for ownership of tasks and handles; None is anonymous.
    """

    subject: str | None = None
    scopes: frozenset[str] | None = frozenset()
    kind: str = "anonymous"
    claims: dict[str, Any] = field(factory=dict[str, Any], eq=False, repr=False)

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
    """What to tell a caller who is not let in (RFC 9110, section 11.6.1)."""

    scheme: str
    parameters: dict[str, str] = field(factory=dict[str, str])


@define
class AuthProfile:
    """Where a client can get a token for this server, and the scopes there are to ask for."""

    issuer: str
    authorization_url: str | None = None
    token_url: str | None = None
    scopes: list[str] = field(factory=list[str])
    registration_url: str | None = None
    documentation_url: str | None = None
