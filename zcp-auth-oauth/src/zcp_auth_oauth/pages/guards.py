"""What keeps other sites out of our forms, and our pages out of theirs."""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64encode
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ..digests import same
from .html import STYLE_HASH


class Cookies:
    """Our cookies: sent to us alone, unreadable for scripts, and never along with other sites'
    POSTs. Over https their names have the prefix browsers enforce that for."""

    def __init__(self, issuer: str) -> None:
        parts = urlsplit(issuer)
        self._secure = parts.scheme == "https"
        self._prefix = "__Host-" if self._secure else ""

    def name(self, name: str) -> str:
        return f"{self._prefix}zcp-{name}"

    def read(self, request: Request, name: str) -> str | None:
        return request.cookies.get(self.name(name))

    def write(self, response: Response, name: str, value: str, seconds: float) -> None:
        response.set_cookie(
            self.name(name), value, max_age=int(seconds), path="/", secure=self._secure,
            httponly=True, samesite="lax",
        )  # fmt: skip

    def drop(self, response: Response, name: str) -> None:
        self.write(response, name, "", 0)


class Forms:
    """Guards of forms: a value that only a page of ours, in this browser, can have."""

    def __init__(self, seal: bytes, issuer: str) -> None:
        self._seal = seal
        parts = urlsplit(issuer)
        self._origin = f"{parts.scheme}://{parts.netloc}"

    def guard(self, browser: str, purpose: str) -> str:
        """The value for a form; `browser` is the secret of its cookie."""
        text = f"form\0{browser}\0{purpose}".encode("utf-8", "surrogateescape")
        return urlsafe_b64encode(hmac.digest(self._seal, text, "sha256")).decode()

    def genuine(
        self, request: Request, browser: str | None, purpose: str, guard: str | None
    ) -> bool:
        """Whether a form comes from the page we showed this browser, for this purpose."""
        origin = request.headers.get("origin", self._origin)
        site = request.headers.get("sec-fetch-site", "same-origin")
        if origin != self._origin or site == "cross-site" or not browser:
            return False
        return same(guard or "", self.guard(browser, purpose))


def new_browser() -> str:
    """A secret for a browser we do not know yet."""
    return secrets.token_urlsafe(24)


def shown(text: str, status: int = 200, *, sends_to: str | None = None) -> Response:
    """A page, in no frame, without scripts, kept by nobody. `sends_to`: an origin its form may lead
    to, beside ours."""
    policy = (
        f"default-src 'none'; style-src 'sha256-{STYLE_HASH}'; form-action 'self'"
        f"{' ' + sends_to if sends_to else ''}; frame-ancestors 'none'; base-uri 'none'"
    )
    response = HTMLResponse(text, status)
    response.headers["content-security-policy"] = policy
    return guarded(response)


def sent(url: str) -> Response:
    """A redirect that never repeats a POST (RFC 9700, section 4.12)."""
    response = RedirectResponse(url, 303)
    # Starlette quotes what it takes for unsafe; the URL must arrive as it was registered.
    response.headers["location"] = url
    return guarded(response)


def guarded(response: Response) -> Response:
    response.headers["x-frame-options"] = "DENY"
    response.headers["x-content-type-options"] = "nosniff"
    response.headers["referrer-policy"] = "same-origin"
    response.headers["cache-control"] = "no-store"
    return response
