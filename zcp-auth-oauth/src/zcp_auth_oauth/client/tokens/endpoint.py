"""A request to the token endpoint (RFC 6749, sections 4 to 6)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from attrs import frozen

from ..errors import FetchFailed, TokenRefused, told
from ..fetching.web import Reply, Web
from ..session import ClientIdentity, Tokens
from .dpop import NEW_NONCE, Prover
from .proving import method_for, proof_of

FORM = "application/x-www-form-urlencoded"
GOOD, BUSY, SERVER_ERROR = (200, 201), (408, 429), 500
LONGEST_LIFE = 10 * 366 * 86_400.0


@frozen
class TokenEndpoint:
    """The token endpoint of `issuer`. `supported`: methods by which clients prove themselves."""

    web: Web
    url: str
    issuer: str
    supported: tuple[str, ...] | None
    clock: Callable[[], float]
    prover: Prover | None = None

    async def ask(
        self, client: ClientIdentity | None, form: Mapping[str, str | None]
    ) -> dict[str, Any]:
        """The answer to a grant; members that are None are left out. A nonce the server asks for is
        given once. Raises `TokenRefused` and `FetchFailed`."""
        reply = await self._post(client, form)
        error = _error(reply)
        if error == NEW_NONCE and self.prover is not None and self._new_nonce(reply):
            reply = await self._post(client, form)
            error = _error(reply)
        elif self.prover is not None:
            self.prover.adopt(self.url, reply.headers)
        if reply.status in BUSY or reply.status >= SERVER_ERROR:
            raise FetchFailed(f"{self.url} answered {reply.status}; try again later")
        members = reply.members()
        if reply.status not in GOOD or members is None:
            raise TokenRefused(_reason(self.url, reply, error), error, reply.status)
        return members

    async def tokens(
        self,
        client: ClientIdentity | None,
        form: Mapping[str, str | None],
        requested: tuple[str, ...] | None,
    ) -> Tokens:
        """Tokens for a grant that asks for the scopes `requested`. Raises `TokenRefused` and
        `FetchFailed`."""
        return self._read(await self.ask(client, form), requested)

    async def _post(self, client: ClientIdentity | None, form: Mapping[str, str | None]) -> Reply:
        now = self.clock()
        fields = {name: value for name, value in form.items() if value is not None}
        headers = {"content-type": FORM}
        if client is not None:
            method = method_for(client, self.supported)
            more, proof = proof_of(client, method, self.issuer, now)
            fields |= more
            headers |= proof
        if self.prover is not None:
            headers["dpop"] = self.prover.proof("POST", self.url, now)
        return await self.web.post(self.url, urlencode(fields).encode(), headers)

    def _new_nonce(self, reply: Reply) -> bool:
        return self.prover is not None and self.prover.adopt(self.url, reply.headers)

    def _read(self, members: dict[str, Any], requested: tuple[str, ...] | None) -> Tokens:
        access = members.get("access_token")
        kind = str(members.get("token_type", "")).lower()
        if not isinstance(access, str) or not access or not access.isascii():
            raise TokenRefused(f"{self.url} answered without an access token", None, 200)
        if any(c <= " " or c == "\x7f" for c in access):
            raise TokenRefused(f"{self.url} answered with something that is no token", None, 200)
        wanted = "bearer" if self.prover is None else "dpop"
        if kind != wanted:
            raise TokenRefused(
                f"{self.url} gave a token of type {told(kind)!r}, not {wanted!r}", None, 200
            )
        scope, refresh = members.get("scope"), members.get("refresh_token")
        now, life = self.clock(), members.get("expires_in")
        return Tokens(
            access,
            kind,
            now,
            None if (seconds := _seconds(life)) is None else now + seconds,
            refresh if isinstance(refresh, str) and refresh else None,
            tuple(scope.split()) if isinstance(scope, str) else requested,
        )


def _seconds(value: Any) -> float | None:
    """How long a token lives; some servers send the number as text."""
    try:
        seconds = float(value)
    except (TypeError, ValueError):
        return None
    return min(max(seconds, 0.0), LONGEST_LIFE) if seconds == seconds else None


def _error(reply: Reply) -> str | None:
    if reply.status in GOOD:
        return None
    error = (reply.members() or {}).get("error")
    return told(error) if isinstance(error, str) else None


def _reason(url: str, reply: Reply, error: str | None) -> str:
    described = (reply.members() or {}).get("error_description")
    said = f": {told(described)}" if isinstance(described, str) else ""
    return f"{url} answered {reply.status} {error or ''}".rstrip() + said
