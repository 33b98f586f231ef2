"""Credentials on every request, and what a refused one does."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import cast

import anyio
from zcp_kernel.contracts import AnswerReader, Authorizer, OutgoingRequest, Refusal

from .http import HTTPClient, HTTPResponse
from .network import is_loopback

__all__ = ["AuthorizedHTTP", "BearerToken", "authorized"]

log = logging.getLogger("zcp.http")

MAX_CHALLENGES = 3
"""How often one request is sent anew: after a refresh, a step-up, and one more for good measure."""

MAX_REFUSAL_BYTES = 64 * 1024
REFUSALS = (401, 403)


class BearerToken:
    """An `Authorizer` with one token (RFC 6750)."""

    def __init__(self, token: str) -> None:
        self._fields = {"authorization": f"Bearer {token}"}

    def __repr__(self) -> str:
        return "BearerToken(…)"

    async def headers(self, request: OutgoingRequest) -> Mapping[str, str]:
        return self._fields

    async def challenged(self, refusal: Refusal) -> bool:
        """There is no other token: False."""
        return False


def authorized(http: HTTPClient, url: str, auth: str | Authorizer | None) -> HTTPClient:
    """`http` with credentials: a bearer token, or an `Authorizer`; as it is without any."""
    if auth is None:
        return http
    if url.startswith("http:") and not is_loopback(url):
        log.warning("credentials go to %s in clear text; use https", url)
    return AuthorizedHTTP(http, BearerToken(auth) if isinstance(auth, str) else auth)


class AuthorizedHTTP:
    """An `HTTPClient` that asks an `Authorizer` before each request, and again when refused. One
    that is an `AnswerReader` as well is told of every other answer."""

    def __init__(self, http: HTTPClient, authorizer: Authorizer) -> None:
        self._http = http
        self._authorizer = authorizer
        self._reader = cast("AnswerReader", authorizer) if hasattr(authorizer, "answered") else None
        self._renewing = anyio.Lock()
        self._renewals = 0

    @asynccontextmanager
    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b""
    ) -> AsyncGenerator[HTTPResponse]:
        """See `HTTPClient`. Raises what the authorizer raises."""
        outgoing = OutgoingRequest(method, url)
        left = MAX_CHALLENGES
        while True:
            renewals = self._renewals
            sent = await self._authorizer.headers(outgoing)
            async with self._http.request(method, url, {**headers, **sent}, body) as response:
                if response.status not in REFUSALS:
                    if self._reader is not None:
                        self._reader.answered(outgoing, response.headers)
                    yield response
                    return
                said = await response.read(MAX_REFUSAL_BYTES)
            refusal = Refusal(outgoing, response.status, response.headers, sent, said)
            left -= 1
            if left < 0 or not await self._renewed(refusal, renewals):
                yield HTTPResponse(response.status, response.headers, _once(said))
                return

    async def _renewed(self, refusal: Refusal, before: int) -> bool:
        async with self._renewing:
            if self._renewals != before:
                # Another request was refused before this one, and has got new credentials.
                return True
            got = await self._authorizer.challenged(refusal)
            self._renewals += got
            return got


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
