"""Dynamic registration (RFC 7591): bounded, and never of more than a user could consent to."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from attrs import evolve
from zcp_kernel.errors import LimitReached
from zcp_kernel.ids import new_id

from ..digests import SECRET, digest_of, new_token, same
from ..policy.rate import Rate
from ..policy.registration import MetadataRefused, client_of, described
from .parts import Parts
from .requests import NO_STORE, CoreResponse

MINUTE = 60.0


class Registration:
    """The registration endpoint."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._rate = Rate(parts.settings.registrations_per_minute, MINUTE, parts.clock)

    def register(
        self, metadata: Mapping[str, Any] | None, headers: Mapping[str, str], address: str
    ) -> CoreResponse:
        """Register a client. `metadata` None: the request held no JSON object."""
        refused = self._refused(headers, address)
        if refused is not None:
            return refused
        try:
            if metadata is None:
                raise MetadataRefused("body", "must be a JSON object")
            client_id = new_id()
            now = self._parts.clock()
            client = client_of(metadata, client_id, origin="dynamic", created_at=now)
        except MetadataRefused as error:
            return _problem(400, error.error, str(error))
        secret: str | None = None
        if client.token_endpoint_auth_method.startswith("client_secret"):
            secret = new_token(SECRET)
            client = evolve(client, secret_digest=digest_of(secret))
        try:
            self._parts.provider.add_client(client, most=self._parts.settings.max_dynamic_clients)
        except LimitReached:
            return _problem(503, "temporarily_unavailable", "no more clients can be registered")
        body = described(client)
        if secret is not None:
            body |= {"client_secret": secret, "client_secret_expires_at": 0}
        return CoreResponse(201, body, NO_STORE)

    def _refused(self, headers: Mapping[str, str], address: str) -> CoreResponse | None:
        settings = self._parts.settings
        if settings.registration == "closed":
            return _problem(403, "access_denied", "registration is closed")
        if settings.registration == "token":
            scheme, _, token = headers.get("Authorization", "").partition(" ")
            if scheme.lower() != "bearer" or not same(token, settings.registration_token or ""):
                body = {"error": "invalid_token", "error_description": "a registration token"}
                return CoreResponse(401, body, (*NO_STORE, ("WWW-Authenticate", "Bearer")))
        wait = self._rate.wait(address)
        if wait is not None:
            answer = _problem(429, "temporarily_unavailable", "too many registrations")
            return evolve(answer, headers=(*answer.headers, ("Retry-After", str(wait))))
        return None


def _problem(status: int, error: str, message: str) -> CoreResponse:
    return CoreResponse(status, {"error": error, "error_description": message}, NO_STORE)
