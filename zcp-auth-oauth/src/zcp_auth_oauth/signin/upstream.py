"""Signing in at another server: an OpenID Connect provider (OpenID Connect Core 1.0, section 3.1).

Rules of this file:
- What ties the answer to the browser that asked (state, nonce, PKCE verifier) is sealed in a cookie
  of that browser: an answer brought by another one is refused.
- Our own consent follows, for each client: that the user agreed to *us* at the other server says
  nothing about the client that asks now (MCP security best practices, "Confused Deputy Problem").
"""

from __future__ import annotations

import json
import secrets
import time
from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus, urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from starlette.requests import Request
from starlette.responses import Response
from zcp_kernel.errors import ConfigError

from ..config import safe_url
from ..digests import same
from ..fetch.cache import DocumentCache
from ..fetch.guard import FetchRefused, Resolve, resolve
from ..fetch.https import Fetcher
from ..jose.issuers import IssuerKeys, metadata_of
from ..jose.verify import TokenInvalid, audience_of, check_times
from ..pages import html
from ..pages.guards import Cookies, sent, shown
from ..secret import derived
from ..threads import Threads
from .contract import Attempt, SignedIn

COOKIE = "upstream"
PATIENCE_SECONDS = 600
LEEWAY_SECONDS = 30.0
NONCE_BYTES = 12
FAILED = "The other server did not say who you are. Go back and try again."

Scopes = Callable[[Mapping[str, Any]], tuple[str, ...] | None]
"""Claims of the ID token -> the scopes this user may have (None: every scope)."""


class UpstreamSignIn:
    """Users sign in at `issuer`, where this server is the client `client_id`.

    `scopes` says which scopes its users may have: a tuple, or a function of the ID token's claims.
    `secret` seals the cookie; processes of one service need the same. Register the callback
    `<your issuer>/sign-in/callback` there.
    """

    name = "upstream"

    def __init__(
        self,
        issuer: str,
        client_id: str,
        client_secret: str,
        *,
        scopes: tuple[str, ...] | Scopes = (),
        asks: tuple[str, ...] = ("openid", "profile", "email"),
        algorithms: tuple[str, ...] = ("RS256", "ES256"),
        secret: str | None = None,
        resolve: Resolve = resolve,
    ) -> None:
        if not safe_url(issuer):
            raise ConfigError(f"the issuer must be an https URL, not {issuer!r}")
        self.issuer = issuer
        self.client_id = client_id
        self._client_secret = client_secret
        self._scopes = scopes
        self._asks = asks
        self._algorithms = algorithms
        self._fetcher = Fetcher(resolve)
        self._documents = DocumentCache(self._fetcher)
        self._threads = Threads(4)
        self._cipher = AESGCM(derived(secret) if secret else secrets.token_bytes(32))

    def __repr__(self) -> str:
        return f"UpstreamSignIn({self.issuer!r}, {self.client_id!r})"

    async def begin(self, attempt: Attempt) -> Response:
        try:
            where = await self._threads.run(self._endpoint, "authorization_endpoint")
        except (FetchRefused, TokenInvalid) as error:
            return shown(html.problem("Nobody can sign in just now", str(error)), 503)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=")
        asked = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": attempt.callback_url,
            "scope": " ".join(self._asks),
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge.decode(),
            "code_challenge_method": "S256",
        }
        response = sent(f"{where}?{urlencode(asked)}")
        kept = {
            "state": state, "nonce": nonce, "verifier": verifier, "resume": attempt.resume,
            "until": time.time() + PATIENCE_SECONDS,
        }  # fmt: skip
        cookies = Cookies(attempt.callback_url)
        cookies.write(response, COOKIE, self._sealed(kept), PATIENCE_SECONDS)
        return response

    async def finish(self, attempt: Attempt) -> SignedIn | Response:
        kept = self._kept(attempt.request)
        code = attempt.request.query_params.get("code")
        stated = attempt.request.query_params.get("iss", self.issuer)
        if kept is None or code is None or stated != self.issuer:
            return shown(html.problem("Not signed in", FAILED), 403)
        try:
            return await self._threads.run(self._exchanged, code, kept, attempt.callback_url)
        except (FetchRefused, TokenInvalid):
            return shown(html.problem("Not signed in", FAILED), 403)

    def resumed(self, request: Request) -> str | None:
        kept = self._kept(request)
        return None if kept is None else str(kept["resume"])

    def _exchanged(self, code: str, kept: Mapping[str, Any], callback_url: str) -> SignedIn:
        metadata = metadata_of(self.issuer, self._documents)
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": callback_url,
            "code_verifier": kept["verifier"],
        }  # fmt: skip
        pair = f"{quote_plus(self.client_id)}:{quote_plus(self._client_secret)}"
        headers = {"authorization": "Basic " + b64encode(pair.encode()).decode()}
        url = self._endpoint("token_endpoint")
        answer = self._fetcher.post(url, urlencode(form).encode(), headers)
        keys = IssuerKeys(str(metadata["jwks_uri"]), self._documents)
        claims = keys.claims(str(answer.value.get("id_token", "")), self._algorithms)
        check_times(claims, time.time(), LEEWAY_SECONDS)
        if claims.get("iss") != self.issuer or audience_of(claims) != (self.client_id,):
            raise TokenInvalid("the ID token was made by or for somebody else")
        if not same(str(claims.get("nonce")), str(kept["nonce"])):
            raise TokenInvalid("the ID token answers another request")
        subject = claims.get("sub")
        if not isinstance(subject, str) or not subject:
            raise TokenInvalid("the ID token names nobody")
        name = claims.get("name") or claims.get("email") or subject
        scopes = self._scopes(claims) if callable(self._scopes) else self._scopes
        return SignedIn(f"{self.issuer}|{subject}", str(name), scopes)

    def _endpoint(self, name: str) -> str:
        """An endpoint of the issuer. Raises `FetchRefused`, `TokenInvalid`."""
        url = str(metadata_of(self.issuer, self._documents).get(name))
        if not safe_url(url):
            raise FetchRefused(f"{self.issuer} names no {name}")
        return url

    # -- the cookie --------------------------------------------------------------------------------

    def _sealed(self, kept: Mapping[str, Any]) -> str:
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, json.dumps(kept).encode(), None)
        return urlsafe_b64encode(nonce + sealed).decode()

    def _kept(self, request: Request) -> dict[str, Any] | None:
        """What this browser's cookie holds, if the request answers what was asked with it."""
        cookies = Cookies(f"{request.url.scheme}://{request.url.netloc}")
        text = cookies.read(request, COOKIE) or request.cookies.get("__Host-zcp-" + COOKIE)
        try:
            data = urlsafe_b64decode(text or "")
            opened = self._cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], None)
        except (ValueError, InvalidTag):
            return None
        kept: dict[str, Any] = json.loads(opened)
        state = request.query_params.get("state", "")
        return kept if same(state, str(kept["state"])) and kept["until"] > time.time() else None
