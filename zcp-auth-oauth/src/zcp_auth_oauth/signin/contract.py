"""`SignIn`: a way for users to say who they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol, runtime_checkable

from attrs import frozen
from starlette.requests import Request
from starlette.responses import Response


@frozen
class SignedIn:
    """Who signed in: `subject` never changes and is nobody else's, `scopes` is what the user may
    have (None: every scope)."""

    subject: str
    display_name: str
    scopes: tuple[str, ...] | None = ()


@frozen
class Attempt:
    """One user at the sign-in page.

    `form` holds the fields that were sent, after the guard against forged requests. `show` renders
    the built-in page with name and password; its arguments are the message to show (None at first)
    and the status. `callback_url` is where another server may send the browser back to; `resume`
    is the part of the request to keep for that.
    """

    request: Request
    form: Mapping[str, str]
    address: str
    show: Callable[[str | None, int], Response]
    callback_url: str
    resume: str


@runtime_checkable
class SignIn(Protocol):
    """Signs users in; `OAuthConfig(sign_in=…)` names one."""

    @property
    def name(self) -> str: ...

    async def begin(self, attempt: Attempt) -> Response:
        """What the browser sees first: a page, or a redirect to another server."""
        ...

    async def finish(self, attempt: Attempt) -> SignedIn | Response:
        """Called with the form that was sent, or with the request to `callback_url`: who it is, or
        what to show instead."""
        ...

    def resumed(self, request: Request) -> str | None:
        """The `resume` of the attempt this request to `callback_url` belongs to; None if there is
        none."""
        ...
