"""Making tokens: every grant ends here."""

from __future__ import annotations

import secrets
from typing import Any

from attrs import evolve, frozen

from ..digests import ACCESS, REFRESH, digest_of, new_token, successor
from ..models import AccessToken, AuthorizationCode, Grant, OAuthClient, RefreshToken
from ..policy.scopes import ScopeRefused, grantable, parsed
from .parts import Parts
from .toolkit import DPoPError, InvalidGrantError, InvalidScopeError, plain

SALT_BYTES = 16


@frozen
class Entitlement:
    """What a token is to stand for."""

    client: OAuthClient
    grant_id: str
    subject: str | None
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    jkt: str | None = None


class Issuing:
    """Makes and stores tokens."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def check_proof(self, client: OAuthClient, jkt: str | None) -> None:
        """Raises `DPoPError` where a proof is needed and there is none."""
        if jkt is None and (client.dpop_bound or self._parts.settings.dpop == "required"):
            raise DPoPError("invalid_dpop_proof", "a DPoP proof is needed")

    def for_code(self, client: OAuthClient, code: AuthorizationCode, jkt: str | None) -> Any:
        """The answer to a code (RFC 6749, section 4.1.4)."""
        what = Entitlement(client, code.grant_id, code.subject, code.scopes, code.resources, jkt)
        refreshes = "refresh_token" in client.grant_types
        return self._issue(what, refreshes)

    def for_itself(self, what: Entitlement, seconds: float | None = None) -> Any:
        """An access token of a new grant, without a refresh token."""
        now = self._parts.clock()
        grant = Grant(what.grant_id, what.client.client_id, what.subject, now, now)
        return self._issue(what, False, grant, seconds)

    def within(self, what: Entitlement, seconds: float) -> Any:
        """A further access token of a grant there is, for at most so many seconds."""
        return self._issue(what, False, None, seconds)

    def refreshed(
        self,
        client: OAuthClient,
        presented: str,
        stored: RefreshToken,
        scopes: tuple[str, ...],
        audience: tuple[str, ...],
        jkt: str | None,
    ) -> Any:
        """The answer to a refresh token, which is used up (RFC 9700, section 4.14)."""
        now, settings = self._parts.clock(), self._parts.settings
        what = Entitlement(client, stored.grant_id, stored.subject, scopes, audience, jkt)
        token, access = self._access(what, now)
        salt = secrets.token_bytes(SALT_BYTES)
        following = evolve(
            stored,
            digest=digest_of(successor(presented, salt)),
            issued_at=now,
            expires_at=now + settings.refresh_token_seconds,
            used_at=None,
            salt=b"",
        )
        rotation = self._parts.provider.rotate_refresh(
            stored.digest, following, access,
            salt=salt, now=now, grace=settings.refresh_grace_seconds,
        )  # fmt: skip
        if rotation.outcome not in ("rotated", "graced"):
            raise InvalidGrantError("the refresh token is no longer good")
        return self._answer(what, token, access, successor(presented, rotation.salt))

    def scopes(
        self, asked: str | None, client: OAuthClient, *limits: tuple[str, ...] | None
    ) -> tuple[str, ...]:
        """The scopes to grant. Raises `InvalidScopeError` if one asked for does not exist, or none
        of them may be had."""
        try:
            names = parsed(asked) or self._parts.settings.default_scopes
            granted = grantable(names, self._parts.supported(), client.scopes, *limits)
        except ScopeRefused as refused:
            raise InvalidScopeError(plain(str(refused))) from None
        if asked and not granted:
            raise InvalidScopeError("none of these scopes can be granted")
        return granted

    def _issue(
        self,
        what: Entitlement,
        refreshes: bool,
        grant: Grant | None = None,
        seconds: float | None = None,
    ) -> Any:
        now, settings = self._parts.clock(), self._parts.settings
        token, access = self._access(what, now, seconds)
        refresh_token: str | None = None
        refresh: RefreshToken | None = None
        if refreshes:
            refresh_token = new_token(REFRESH)
            refresh = RefreshToken(
                digest_of(refresh_token), what.grant_id, what.client.client_id, what.subject,
                what.scopes, what.audience, now, now + settings.refresh_token_seconds,
                what.jkt if what.client.is_public else None,
            )  # fmt: skip
        if grant is not None:
            grant = evolve(grant, expires_at=access.expires_at)
        if not self._parts.provider.save_tokens(access, refresh, grant):
            raise InvalidGrantError("the grant was revoked")
        return self._answer(what, token, access, refresh_token)

    def _access(
        self, what: Entitlement, now: float, seconds: float | None = None
    ) -> tuple[str, AccessToken]:
        life = self._parts.settings.access_token_seconds
        expires = now + (life if seconds is None else min(life, seconds))
        token = self._jwt(what, now, expires) if self._parts.keys else new_token(ACCESS)
        return token, AccessToken(
            digest_of(token), what.grant_id, what.client.client_id, what.subject, what.scopes,
            what.audience, now, expires, what.jkt,
        )  # fmt: skip

    def _jwt(self, what: Entitlement, now: float, expires: float) -> str:
        """An access token others can verify (RFC 9068)."""
        assert self._parts.keys is not None
        claims: dict[str, Any] = {
            "iss": self._parts.issuer,
            "sub": what.subject or what.client.client_id,
            "aud": list(what.audience),
            "client_id": what.client.client_id,
            "scope": " ".join(what.scopes),
            "iat": int(now),
            "exp": int(expires),
            "jti": secrets.token_urlsafe(16),
        }
        if what.jkt is not None:
            claims["cnf"] = {"jkt": what.jkt}
        return self._parts.keys.signer(now).sign(claims, "at+jwt")

    def _answer(
        self, what: Entitlement, token: str, access: AccessToken, refresh_token: str | None
    ) -> dict[str, Any]:
        answer: dict[str, Any] = {
            "access_token": token,
            "token_type": "Bearer" if what.jkt is None else "DPoP",
            "expires_in": max(0, round(access.expires_at - access.issued_at)),
            "scope": " ".join(what.scopes),
        }
        if refresh_token is not None:
            answer["refresh_token"] = refresh_token
        return answer
