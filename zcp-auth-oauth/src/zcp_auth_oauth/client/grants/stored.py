"""A login that was made elsewhere."""

from __future__ import annotations

from attrs import field, frozen

from ..errors import LoginNeeded
from ..session import ClientIdentity
from .contract import Errand, Obtained


@frozen
class StoredGrant:
    """Uses and refreshes a login that is stored, and makes none: `advice` says what does."""

    advice: str
    issuer: str | None = field(default=None, init=False)
    steps_up: bool = field(default=True, init=False)
    is_bound: bool = field(default=False, init=False)

    async def obtain(self, errand: Errand) -> Obtained:
        """Raises `LoginNeeded`."""
        asked = f" for the scopes {errand.scope}" if errand.scope else ""
        raise LoginNeeded(f"{errand.server} wants a login{asked}: {self.advice}")

    def completed(self, client: ClientIdentity) -> ClientIdentity:
        return client
