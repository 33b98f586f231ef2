"""A token as a resource server knows it, and the ways to verify one."""

from __future__ import annotations

from typing import Any, Protocol

from attrs import frozen
from zcp_kernel.security import AuthContext, Principal


@frozen
class VerifiedToken:
    """A token somebody vouches for, and who its bearer is. `jkt`: the bearer must prove a key."""

    principal: Principal
    auth: AuthContext
    jkt: str | None = None


class Verifier(Protocol):
    """One way to verify tokens."""

    async def verify(self, token: str, now: float) -> VerifiedToken | None:
        """The token, None if it is not of this kind or not good. Its audience and its end were
        checked."""
        ...


def verified_token(
    auth: AuthContext, jkt: str | None, *, own: bool, claims: dict[str, Any] | None = None
) -> VerifiedToken:
    """The token and its principal.

    `own` tokens name users of this server; subjects of other issuers are told apart by issuer. A
    client that acts for itself is nobody's user. Its kind binds a session to the client too.
    """
    subject = auth.subject
    if subject is None:
        subject = f"client:{auth.client_id}"
    subject = subject if own else f"{auth.issuer}|{subject}"
    principal = Principal(
        subject=subject,
        scopes=auth.scopes,
        kind=f"oauth:{auth.client_id}",
        claims=claims or {},
        auth=auth,
    )
    return VerifiedToken(principal, auth, jkt)
