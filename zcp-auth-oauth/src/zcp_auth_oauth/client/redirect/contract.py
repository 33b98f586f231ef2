"""What sends a user to the authorization server and hears where the browser is sent in the end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

Show = Callable[[str], Coroutine[Any, Any, None]]
"""Brings a user to a URL, or the URL to a user."""


class Landing(Protocol):
    """The place the browser comes back to."""

    @property
    def redirect_uri(self) -> str:
        """Its URL (RFC 6749, section 3.1.2)."""
        ...

    async def visit(self, url: str, state: str) -> str:
        """Send the user to `url`; the URL the browser is sent back to, with its query. One whose
        `state` is another may be passed over: anybody can send a browser here. Raises
        `AuthorizationRefused` if nobody comes."""
        ...


class Redirect(Protocol):
    """A way to have users log in."""

    def landing(self, preferred: str | None) -> AbstractAsyncContextManager[Landing]:
        """A place to come back to, for one login; `preferred` is the redirect URI that is
        registered, to be used again if it can be."""
        ...
