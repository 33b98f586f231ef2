"""What all grants have: their server's parts, and the resources asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...models import OAuthClient
from ...policy.resources import ResourceRefused
from ..requests import NO_STORE
from ..toolkit import BaseGrant, InvalidTargetError, plain

if TYPE_CHECKING:
    from ..issuing import Issuing
    from ..parts import Parts

AUTH_METHODS = ["private_key_jwt", "client_secret_basic", "client_secret_post", "none"]
PROVEN_METHODS = [method for method in AUTH_METHODS if method != "none"]
"""For what only a client that proves who it is may do."""

Answer = tuple[int, dict[str, Any], list[tuple[str, str]]]


class OurGrant(BaseGrant):
    """A grant of this server. `TOKEN_ENDPOINT_AUTH_METHODS` says how its client proves itself."""

    TOKEN_ENDPOINT_AUTH_METHODS = AUTH_METHODS

    @property
    def parts(self) -> Parts:
        parts: Parts = self.server.parts
        return parts

    @property
    def issuing(self) -> Issuing:
        issuing: Issuing = self.server.issuing
        return issuing

    @property
    def registered(self) -> OAuthClient:
        """The client that asks."""
        client: OAuthClient = self.request.client.client
        return client

    def narrowed(self, granted: tuple[str, ...]) -> tuple[str, ...]:
        """The resources asked for, all of which must have been granted (RFC 8707, section 2.2);
        all that were granted if none is asked for. Raises `InvalidTargetError`."""
        asked: list[str] = self.request.payload.all("resource")
        if not asked:
            return granted
        accepted = self.accepted(asked)
        if not set(accepted) <= set(granted):
            raise InvalidTargetError("this resource was not granted")
        return accepted

    def accepted(self, asked: list[str]) -> tuple[str, ...]:
        """Raises `InvalidTargetError` for a resource that is not ours."""
        try:
            return self.parts.resources.accepted(asked)
        except ResourceRefused as refused:
            raise InvalidTargetError(plain(str(refused))) from None

    @staticmethod
    def answer(body: dict[str, Any]) -> Answer:
        return 200, body, list(NO_STORE)
