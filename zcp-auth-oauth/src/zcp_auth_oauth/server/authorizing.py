"""The authorization endpoint's decisions (RFC 6749, section 4.1.1): what is asked, whether it was
agreed to before, and what goes back to the client."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from typing import Any, Literal
from urllib.parse import urlencode

from attrs import evolve, frozen

from ..digests import CODE, digest_of, new_token
from ..models import AuthorizationCode, BrowserSession, Consent, Grant, OAuthClient
from ..policy import redirects
from ..policy.resources import ResourceRefused
from ..policy.scopes import ScopeRefused, grantable
from .core import Core
from .requests import CoreRequest, Parameters
from .toolkit import InvalidTargetError, OAuth2Error, plain

SIGN_IN_PROMPTS = frozenset({"login", "select_account"})
PROMPTS = frozenset({"none", "login", "consent", "select_account"})


@frozen
class Asked:
    """A valid request: its client may ask this, and be answered at `redirect_uri`."""

    client: OAuthClient
    redirect_uri: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    code_challenge: str
    state: str | None = None
    prompts: frozenset[str] = frozenset()
    max_age: float | None = None
    jkt: str | None = None
    redirect_uri_given: bool = True


class SentBack(Exception):
    """The request cannot be granted, and the client learns it: go to `url`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


class Unanswerable(Exception):
    """The request cannot be granted, and nobody but the user may learn it: its client or its
    redirect URI is not known, so that following it would be an open redirect."""


class Authorizing:
    """What the pages ask. All methods run in a worker thread."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._parts = core.parts

    def asked(self, pairs: Iterable[tuple[str, str]]) -> Asked:
        """The request of these parameters. Raises `SentBack` and `Unanswerable`."""
        request = CoreRequest("GET", pairs, {})
        parameters: Parameters = request.payload
        try:
            parameters.check()
            grant = self._core.get_consent_grant(request)
        except OAuth2Error as error:
            if error.redirect_uri is None or len(parameters.all("redirect_uri")) > 1:
                raise Unanswerable(error.description or error.error) from None
            raise SentBack(self._failed(error, error.redirect_uri, parameters.state)) from None
        try:
            return self._read(request.client.client, grant.redirect_uri, parameters)
        except OAuth2Error as error:
            raise SentBack(self._failed(error, grant.redirect_uri, parameters.state)) from None

    def next_step(
        self, asked: Asked, session: BrowserSession | None
    ) -> Literal["sign in", "consent", "grant"]:
        """What is missing before `grant`. Raises `SentBack` for a request that wants no page
        (`prompt=none`) and needs one."""
        now = self._parts.clock()
        step: Literal["sign in", "consent", "grant"] = "grant"
        if (
            session is None
            or session.expires_at <= now
            or _too_old(asked, session, now)
            or asked.prompts & SIGN_IN_PROMPTS
        ):
            step = "sign in"
        elif "consent" in asked.prompts or not self._agreed(asked, session, now):
            step = "consent"
        if step != "grant" and "none" in asked.prompts:
            error = "login_required" if step == "sign in" else "consent_required"
            raise SentBack(self.error_url(asked, error))
        return step

    def limited(self, asked: Asked, session: BrowserSession) -> Asked:
        """The request with no more scopes than this user may have. Raises `SentBack` if none of
        them is left."""
        scopes = grantable(asked.scopes, asked.scopes, session.scopes)
        if asked.scopes and not scopes:
            raise SentBack(self.error_url(asked, "access_denied"))
        return evolve(asked, scopes=scopes)

    def agree(self, asked: Asked, session: BrowserSession) -> None:
        """Remember that the user agreed to this."""
        seconds = self._parts.settings.consent_seconds
        if not seconds:
            return
        now = self._parts.clock()
        where = redirects.remembered_as(asked.redirect_uri)
        before = self._parts.provider.get_consent(session.subject, asked.client.client_id, where)
        scopes, resources = asked.scopes, asked.resources
        if before is not None and before.expires_at > now:
            scopes = tuple(dict.fromkeys((*before.scopes, *scopes)))
            resources = tuple(dict.fromkeys((*before.resources, *resources)))
        self._parts.provider.save_consent(
            Consent(
                session.subject,
                asked.client.client_id,
                where,
                scopes,
                resources,
                now,
                now + seconds,
            )
        )

    def grant(self, asked: Asked, session: BrowserSession) -> str:
        """The URL that brings the client its code."""
        now, settings = self._parts.clock(), self._parts.settings
        text, grant_id = new_token(CODE), secrets.token_urlsafe(16)
        ends = now + settings.code_seconds
        kept = ends + max(settings.access_token_seconds, settings.refresh_token_seconds)
        grant = Grant(grant_id, asked.client.client_id, session.subject, now, kept)
        code = AuthorizationCode(
            digest_of(text), grant_id, asked.client.client_id, session.subject,
            asked.redirect_uri, asked.scopes, asked.resources, asked.code_challenge, ends,
            session.auth_time, asked.redirect_uri_given, asked.jkt,
        )  # fmt: skip
        self._parts.provider.save_code(grant, code)
        return self._url(asked.redirect_uri, {"code": text}, asked.state)

    def error_url(self, asked: Asked, error: str) -> str:
        """The URL that brings the client an error."""
        return self._url(asked.redirect_uri, {"error": error}, asked.state)

    # -- parts of it -------------------------------------------------------------------------------

    def _read(self, client: OAuthClient, redirect_uri: str, parameters: Parameters) -> Asked:
        data: dict[str, str] = parameters.data
        scopes = self._core.issuing.scopes(data.get("scope"), client)
        try:
            resources = self._parts.resources.accepted(parameters.all("resource"))
        except ResourceRefused as refused:
            raise InvalidTargetError(plain(str(refused))) from None
        prompts = frozenset(data.get("prompt", "").split())
        if prompts - PROMPTS or ("none" in prompts and len(prompts) > 1):
            raise _invalid("prompt is not understood")
        for member in ("request", "request_uri"):
            if member in data:
                raise _invalid(f"{member} is not supported", f"{member}_not_supported")
        if data.get("response_mode", "query") != "query":
            raise _invalid("response_mode must be query")
        return Asked(
            client, redirect_uri, scopes, resources, data["code_challenge"], data.get("state"),
            prompts, _seconds(data.get("max_age")), data.get("dpop_jkt"),
            "redirect_uri" in data,
        )  # fmt: skip

    def _agreed(self, asked: Asked, session: BrowserSession, now: float) -> bool:
        """Whether the user agreed to all of this before, for this client and this redirect URI."""
        settings = self._parts.settings
        if redirects.is_native(asked.redirect_uri) and not settings.remember_native_consent:
            return False
        where = redirects.remembered_as(asked.redirect_uri)
        consent = self._parts.provider.get_consent(session.subject, asked.client.client_id, where)
        if consent is None or consent.expires_at <= now:
            return False
        try:
            wanted = grantable(asked.scopes, asked.scopes, session.scopes)
        except ScopeRefused:
            return False
        return set(wanted) <= set(consent.scopes) and set(asked.resources) <= set(consent.resources)

    def _failed(self, error: OAuth2Error, redirect_uri: str, state: str | None) -> str:
        told = {name: value for name, value in error.get_body() if name != "state"}
        return self._url(redirect_uri, told, state)

    def _url(self, redirect_uri: str, told: dict[str, Any], state: str | None) -> str:
        """`redirect_uri` with the answer, and who it comes from (RFC 9207)."""
        members = {**told, "iss": self._parts.issuer}
        if state is not None:
            members["state"] = state
        separator = "&" if "?" in redirect_uri else "?"
        return f"{redirect_uri}{separator}{urlencode(members)}"


def _too_old(asked: Asked, session: BrowserSession, now: float) -> bool:
    return asked.max_age is not None and now - session.auth_time > asked.max_age


def _invalid(message: str, code: str = "invalid_request") -> OAuth2Error:
    error = OAuth2Error(plain(message))
    error.error = code
    return error


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 10:
        raise _invalid("max_age must be a number of seconds")
    return float(text)


__all__ = ["Asked", "Authorizing", "SentBack", "Unanswerable"]
