"""Credentials of one client for one server: kept, renewed ahead of time, and got anew.

Rules of this file:
- Tokens go to the server they are for and to nobody else, whatever URL is asked for.
- What is renewed is renewed once, however many wait for it: a refresh token is good once.
- Credentials of one authorization server are not used with another, whatever the server says.
- Attempts are bounded: a server that is never content does not keep a user busy.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence

import anyio
from attrs import evolve
from zcp_kernel.contracts import OutgoingRequest, Refusal

from .discovery.challenges import Demand, demand_of
from .discovery.finding import Authority, find_authority
from .discovery.urls import origin, web_url
from .errors import DiscoveryFailed, OAuthError, TokenRefused
from .fetching.web import Web, WebOptions
from .finishing import finished
from .grants.contract import Errand, Grant
from .grants.user import UserGrant
from .keeping import Keeper, Source
from .session import Session
from .storage.contract import TokenStorage
from .storage.memory import MemoryTokenStorage
from .storage.vault import Vault
from .tokens.dpop import ALGORITHM, NEW_NONCE, Prover
from .tokens.proving import method_for

log = logging.getLogger("zcp.oauth")

UNAUTHORIZED, FORBIDDEN = 401, 403
PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'
EITHER = "application/json, text/event-stream"
MOST_STEP_UPS = 2
"""How often one demand for scopes is followed."""

FAILURE_SECONDS = 3.0
"""How long a login that failed is not tried again."""

MOST_LOGINS, LOGIN_WINDOW_SECONDS = 5, 60.0


class OAuthAuthorizer:
    """An `Authorizer` that logs in at the server `url` when the server asks for it, by `grant`: a
    user's login in the browser if not given.

    `storage` keeps logins, in memory if not given. `scopes` are asked for instead of all the server
    knows; those it demands for what is asked of it are added. `dpop` binds tokens to a key (RFC
    9449): True always, None where the server requires it, False never. `web` is how authorization
    servers are reached.
    """

    def __init__(
        self,
        url: str,
        grant: Grant | None = None,
        *,
        storage: TokenStorage | None = None,
        scopes: Sequence[str] = (),
        dpop: bool | None = None,
        web: WebOptions | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.server = web_url(url)
        self._grant: Grant = grant or UserGrant()
        self._wanted = tuple(scopes)
        self._dpop = dpop
        self._web = Web(self.server, web or WebOptions())
        self._clock = clock
        vault = Vault(storage or MemoryTokenStorage())
        self._keeper = Keeper(self.server, self._grant, vault, self._web, clock)
        self._lock = anyio.Lock()
        self._step_ups: dict[frozenset[str], int] = {}
        self._logins: list[float] = []
        self._failure: tuple[float, OAuthError] | None = None

    def __repr__(self) -> str:
        return f"OAuthAuthorizer({self.server!r})"

    # -- Authorizer --------------------------------------------------------------------------------

    async def headers(self, request: OutgoingRequest) -> Mapping[str, str]:
        """See `zcp_kernel.contracts.Authorizer`. Raises `OAuthError` when stored credentials cannot
        be read, or are over and cannot be renewed now."""
        if not self._is_ours(request):
            return {}
        keeper = self._keeper
        await keeper.load()
        if keeper.due():
            async with self._lock:
                if keeper.due():
                    await keeper.renew_early()
        session = keeper.session
        if session is None:
            return {}
        keeper.uses += 1
        token = session.tokens.access_token
        if session.tokens.token_type != "dpop" or keeper.prover is None:
            return {"authorization": f"Bearer {token}"}
        proof = keeper.prover.proof(request.method, request.url, self._clock(), token)
        return {"authorization": f"DPoP {token}", "dpop": proof}

    async def challenged(self, refusal: Refusal) -> bool:
        """See `zcp_kernel.contracts.Authorizer`. Raises `OAuthError` when others could be had, and
        getting them failed."""
        if not self._is_ours(refusal.request):
            return False
        async with self._lock:
            session = await self._keeper.load()
            if session is not None and _sent(refusal) != session.tokens.access_token:
                # Got meanwhile, by another request or another session that shares this.
                return True
            if self._failure is not None and self._clock() < self._failure[0]:
                raise self._failure[1]
            demand, prover = demand_of(refusal.headers), self._keeper.prover
            self.answered(refusal.request, refusal.headers)
            if demand.error == NEW_NONCE:
                # The answer to another request may have brought it meanwhile.
                return prover is not None and prover.outdated(refusal.sent.get("dpop"), self.server)
            if refusal.status == UNAUTHORIZED:
                return await self._unauthorized(session, demand)
            if refusal.status == FORBIDDEN and demand.error == "insufficient_scope":
                return await self._step_up(session, demand)
            return False

    def answered(self, request: OutgoingRequest, headers: Mapping[str, str]) -> None:
        """See `zcp_kernel.contracts.AnswerReader`: the nonce for the next proof."""
        if self._keeper.prover is not None and self._is_ours(request):
            self._keeper.prover.adopt(self.server, headers)

    # -- for those who do not wait to be asked -----------------------------------------------------

    async def session(self) -> Session | None:
        """The login in force, None without one."""
        return await self._keeper.load()

    async def login(self) -> Session:
        """Log in now, whatever there is. Raises `OAuthError`."""
        async with self._lock:
            session, demand = await self._keeper.load(), await self._probed()
            authority = await self._found(session, demand)
            scopes = self._scopes(session, authority, demand)
            return await self._log_in(authority, scopes, demand, Source.STORED)

    async def logout(self) -> bool:
        """Forget the login, and have the authorization server end it. False if there was none."""
        async with self._lock:
            session = await self._keeper.drop()
            if session is None:
                return False
            await self._keeper.revoke(session)
            return True

    # -- what a refusal asks for -------------------------------------------------------------------

    async def _unauthorized(self, session: Session | None, demand: Demand) -> bool:
        authority = await self._found(session, demand)
        if session is not None and session.issuer == authority.issuer.issuer:
            never_worked = self._keeper.uses <= 1
            if never_worked and self._keeper.source is Source.GRANT:
                log.warning("%s refuses the token it has just been given", self.server)
                return False
            renewable = session.tokens.refresh_token is not None
            if renewable and not (never_worked and self._keeper.source is Source.REFRESH):
                try:
                    await self._keeper.refresh(session)
                    return True
                except TokenRefused as refused:
                    log.info("%s wants a new login: %s", session.issuer, refused.message)
        if not self._may_log_in():
            return False
        await self._log_in(authority, self._scopes(session, authority, demand), demand)
        return True

    async def _step_up(self, session: Session | None, demand: Demand) -> bool:
        """More scopes are needed: those asked for before, and those named now (MCP 2026-07-28,
        basic/authorization, "Step-Up Authorization Flow")."""
        asked = frozenset(demand.scopes or ())
        if session is None or not asked or not self._grant.steps_up:
            return False
        count = self._step_ups.get(asked, 0)
        if asked <= set(session.tokens.scopes or ()) or count >= MOST_STEP_UPS:
            return False
        if not self._may_log_in():
            return False
        self._step_ups[asked] = count + 1
        authority = await self._found(session, demand)
        got = await self._log_in(authority, self._scopes(session, authority, demand), demand)
        return got.tokens.scopes is None or asked <= set(got.tokens.scopes)

    def _may_log_in(self) -> bool:
        since = self._clock() - LOGIN_WINDOW_SECONDS
        self._logins = [when for when in self._logins if when > since]
        if len(self._logins) >= MOST_LOGINS:
            log.warning("%s asked for too many logins", self.server)
            return False
        return True

    # -- parts of it -------------------------------------------------------------------------------

    def _is_ours(self, request: OutgoingRequest) -> bool:
        return origin(web_url(request.url)) == origin(self.server)

    async def _probed(self) -> Demand:
        """What the server says to somebody without credentials."""
        fields = {"content-type": "application/json", "accept": EITHER}
        reply = await self._web.post(self.server, PING, fields)
        return demand_of(reply.headers) if reply.status == UNAUTHORIZED else Demand()

    async def _found(self, session: Session | None, demand: Demand) -> Authority:
        """Who issues tokens now: asked anew each time, since servers move (MCP 2026-07-28,
        "Authorization Server Binding")."""
        known = [] if session is None else [session.issuer]
        bound = self._grant.issuer
        preferred = known if bound is None else [bound]
        authority = await find_authority(self._web, self.server, demand, preferred)
        if bound is None and self._grant.is_bound and known:
            bound = known[0]
        named = authority.issuer.issuer
        if bound is not None and bound != named:
            raise DiscoveryFailed(
                f"{self.server} names the authorization server {named}, and the credentials given "
                f"are for {bound}; they are not used there"
            )
        return authority

    def _scopes(
        self, session: Session | None, authority: Authority, demand: Demand
    ) -> tuple[str, ...] | None:
        named = demand.scopes
        if named is None and not self._wanted:
            named = authority.scopes
        before: tuple[str, ...] = ()
        if session is not None and session.issuer == authority.issuer.issuer:
            before = session.requested
        return tuple(dict.fromkeys([*before, *self._wanted, *(named or ())])) or None

    async def _log_in(
        self,
        authority: Authority,
        scopes: tuple[str, ...] | None,
        demand: Demand,
        source: Source = Source.GRANT,
    ) -> Session:
        self._logins.append(self._clock())
        prover = self._prover(authority, demand)
        keeper = self._keeper
        errand = Errand(
            self.server, authority, scopes, self._web, keeper.vault, self._clock, prover
        )
        try:
            obtained = await self._grant.obtain(errand)
        except OAuthError as error:
            # Requests that were refused together fail together: one question to the user is enough.
            self._failure = (self._clock() + FAILURE_SECONDS, error)
            raise
        issuer, client = authority.issuer, obtained.client
        session = Session(
            self.server,
            issuer.issuer,
            issuer.token_endpoint,
            evolve(client, method=method_for(client, issuer.auth_methods)),
            obtained.tokens,
            authority.resource,
            issuer.revocation_endpoint,
            scopes or (),
            None if prover is None else prover.private,
        )
        # Tokens that were got are kept, though whoever wanted them was cancelled meanwhile.
        await finished(lambda: keeper.keep(session, prover, source))
        self._failure = None
        return session

    def _prover(self, authority: Authority, demand: Demand) -> Prover | None:
        """The key to bind tokens to; None without binding."""
        required = authority.dpop_required or demand.schemes == frozenset(("dpop",))
        if self._dpop is False or not (self._dpop or required):
            return None
        issuer = authority.issuer
        if ALGORITHM not in issuer.dpop_algorithms:
            raise DiscoveryFailed(
                f"{issuer.issuer} does not bind tokens to keys by {ALGORITHM} "
                "(dpop_signing_alg_values_supported)"
            )
        return self._keeper.prover or Prover.new()


def _sent(refusal: Refusal) -> str:
    """The token that was refused."""
    return refusal.sent.get("authorization", "").partition(" ")[2]
