"""The login in force: loaded once, renewed once for all, written down before it is used."""

from __future__ import annotations

import logging
from collections.abc import Callable
from enum import Enum
from typing import Any
from urllib.parse import urlencode

import anyio
from attrs import define, evolve, field

from .errors import OAuthError, TokenRefused
from .fetching.web import Web
from .grants.contract import Grant
from .session import ClientIdentity, Session
from .storage.vault import Vault
from .tokens.dpop import Prover
from .tokens.endpoint import FORM, TokenEndpoint
from .tokens.proving import method_for, proof_of

log = logging.getLogger("zcp.oauth")

PATIENCE_SECONDS = 10.0
"""How long a token endpoint that cannot be reached is left alone, while a token is still good."""


class Source(Enum):
    """Where the tokens in force came from: they were there, or answered a refusal."""

    STORED = "stored"
    REFRESH = "refresh"
    GRANT = "grant"


@define(eq=False)
class Keeper:
    """The login at one server. `uses` counts the requests that got its present tokens."""

    server: str
    grant: Grant
    vault: Vault
    web: Web
    clock: Callable[[], float]
    session: Session | None = field(default=None, init=False)
    prover: Prover | None = field(default=None, init=False)
    source: Source = field(default=Source.STORED, init=False)
    uses: int = field(default=0, init=False)
    _loaded: bool = field(default=False, init=False)
    _quiet_until: float = field(default=0.0, init=False)

    async def load(self) -> Session | None:
        """The login in force, looked up in the storage the first time."""
        if not self._loaded:
            found = await self.vault.login(self.server)
            if not self._loaded:
                self._loaded = True
                self._set(found, Source.STORED)
        return self.session

    async def keep(self, session: Session, prover: Prover | None, source: Source) -> None:
        """A new login is in force."""
        self.prover = prover
        self._loaded = True
        self._set(session, source)
        await self.vault.keep(session)

    async def drop(self) -> Session | None:
        """Forget the login; what it was."""
        session = await self.load()
        if session is not None:
            await self.vault.forget(session)
        self._set(None, Source.STORED)
        return session

    def due(self) -> bool:
        """Whether the tokens are to be renewed now, and can be."""
        session, now = self.session, self.clock()
        if session is None or session.tokens.refresh_token is None:
            return False
        return session.tokens.due(now) and now >= self._quiet_until

    async def renew_early(self) -> None:
        """Renew tokens that are due. As long as the old ones are good, it does not matter if that
        fails. Raises `OAuthError` when they are over."""
        session = self.session
        assert session is not None
        try:
            await self.refresh(session)
        except TokenRefused as refused:
            log.info("%s renews this login no more: %s", session.issuer, refused.message)
        except OAuthError:
            if session.tokens.over(self.clock()):
                raise
            self._quiet_until = self.clock() + PATIENCE_SECONDS

    async def refresh(self, session: Session) -> None:
        """Renew the tokens of this login, or take over those another process has got. Raises
        `TokenRefused` (the refresh token is forgotten, then) and `FetchFailed`."""
        async with self.vault.exclusive(self.server):
            # Once a refresh token was sent, its successor is kept, come what may.
            with anyio.CancelScope(shield=True):
                stored = await self.vault.login(self.server)
                if stored is None:
                    self._set(None, Source.STORED)
                    raise TokenRefused("this login was ended elsewhere", "invalid_grant", 400)
                if _same_login(stored, session):
                    moved_on = stored.tokens.access_token != session.tokens.access_token
                    if moved_on and not stored.tokens.due(self.clock()):
                        self._set(stored, Source.REFRESH)
                        return
                    session = stored
                await self._refresh(session)

    async def _refresh(self, session: Session) -> None:
        tokens = session.tokens
        form = {
            "grant_type": "refresh_token",
            "refresh_token": tokens.refresh_token,
            "resource": session.resource,
        }
        try:
            found = await self._endpoint(session).tokens(self._client(session), form, tokens.scopes)
        except TokenRefused:
            self.session = evolve(session, tokens=evolve(tokens, refresh_token=None))
            await self.vault.keep(self.session)
            raise
        renewed = evolve(found, refresh_token=found.refresh_token or tokens.refresh_token)
        session = evolve(session, tokens=renewed)
        self._set(session, Source.REFRESH)
        await self.vault.keep(session)

    async def revoke(self, session: Session) -> bool:
        """Have the server end this login (RFC 7009); whether it said it did."""
        if session.revocation_endpoint is None:
            return False
        client = self._client(session)
        token = session.tokens.refresh_token or session.tokens.access_token
        hint = "refresh_token" if session.tokens.refresh_token else "access_token"
        fields, headers = proof_of(client, method_for(client, None), session.issuer, self.clock())
        form = urlencode({"token": token, "token_type_hint": hint, **fields})
        try:
            reply = await self.web.post(
                session.revocation_endpoint, form.encode(), {"content-type": FORM, **headers}
            )
        except OAuthError as error:
            log.warning("the login was not ended at %s: %s", session.issuer, error.message)
            return False
        return reply.status == 200

    # -- parts of it -------------------------------------------------------------------------------

    def _set(self, session: Session | None, source: Source) -> None:
        key = None if session is None else session.dpop_key
        if key is not None and (self.prover is None or self.prover.private != key):
            self.prover = _prover(key)
        self.session, self.source, self.uses = session, source, 0

    def _client(self, session: Session) -> ClientIdentity:
        return evolve(self.grant.completed(session.client), method=session.client.method)

    def _endpoint(self, session: Session) -> TokenEndpoint:
        prover = None if session.dpop_key is None else self.prover
        return TokenEndpoint(
            self.web, session.token_endpoint, session.issuer, None, self.clock, prover
        )


def _same_login(one: Session, other: Session) -> bool:
    return (one.issuer, one.client.client_id) == (other.issuer, other.client.client_id)


def _prover(key: dict[str, Any]) -> Prover:
    try:
        return Prover.of(key)
    except ValueError:
        raise OAuthError("the stored key of this login cannot be read; log in again") from None
