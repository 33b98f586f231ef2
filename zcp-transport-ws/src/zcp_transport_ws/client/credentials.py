"""Credentials of an upgrade, and what happens when they are refused."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import urlsplit

from zcp_kernel.contracts import Authorizer, OutgoingRequest, Refusal

from ..sockets import Socket
from .opening import Opener, UpgradeRefused

__all__ = ["Credentials"]

log = logging.getLogger("zcp.ws")

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_CHALLENGES = 3
REFUSALS = (401, 403)


class Credentials:
    """A bearer token, an `Authorizer`, or neither, for the upgrades to one URL."""

    def __init__(self, auth: str | Authorizer | None, url: str) -> None:
        parts = urlsplit(url)
        if auth is not None and parts.scheme == "ws" and parts.hostname not in LOOPBACK:
            log.warning("credentials go to %s in clear text; use wss", parts.hostname)
        self._token = auth if isinstance(auth, str) else None
        self._authorizer = None if isinstance(auth, str) else auth
        # An authorizer knows HTTP's schemes: an upgrade is a GET of that URL.
        self._request = OutgoingRequest("GET", "http" + url.partition("#")[0].removeprefix("ws"))

    def opener(self, inner: Opener) -> Opener:
        """`inner` with these credentials."""

        @asynccontextmanager
        async def opened(
            headers: Mapping[str, str], subprotocols: Sequence[str]
        ) -> AsyncGenerator[Socket]:
            async with AsyncExitStack() as stack:
                yield await self._open(inner, headers, subprotocols, stack)

        return opened

    async def _open(
        self,
        inner: Opener,
        headers: Mapping[str, str],
        subprotocols: Sequence[str],
        stack: AsyncExitStack,
    ) -> Socket:
        challenges = 0
        while True:
            sent = await self._headers()
            try:
                return await stack.enter_async_context(inner({**headers, **sent}, subprotocols))
            except UpgradeRefused as error:
                challenges += 1
                if challenges > MAX_CHALLENGES or not await self._renewed(error, sent):
                    raise

    async def _headers(self) -> Mapping[str, str]:
        if self._token is not None:
            return {"authorization": f"Bearer {self._token}"}
        if self._authorizer is None:
            return {}
        return await self._authorizer.headers(self._request)

    async def _renewed(self, error: UpgradeRefused, sent: Mapping[str, str]) -> bool:
        if self._authorizer is None or error.status not in REFUSALS:
            return False
        refusal = Refusal(self._request, error.status, error.headers, sent, error.body)
        return await self._authorizer.challenged(refusal)
