"""What a user does in a browser, scripted over real HTTP: pages, forms, cookies, redirects.

The standard library alone, so that a program in any environment can take these steps.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from html import unescape
from http.cookiejar import CookieJar
from typing import IO, Any
from urllib.error import HTTPError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import (
    HTTPCookieProcessor,
    HTTPRedirectHandler,
    OpenerDirector,
    Request,
    build_opener,
)

PATIENCE_SECONDS = 30
MOST_STEPS = 6


class _Stay(HTTPRedirectHandler):
    """Redirects are followed by hand: the last one leads to the client."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: Message, newurl: str
    ) -> None:
        return None


@dataclass(frozen=True)
class Page:
    """An answer: `where` is its `Location`, if it has one."""

    status: int
    text: str
    where: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


class Stuck(AssertionError):
    """A page that leads nowhere."""

    def __init__(self, url: str, page: Page) -> None:
        super().__init__(f"stuck at {url}: {page.status} {page.text}")
        self.page = page


def _opener(cookies: CookieJar) -> OpenerDirector:
    return build_opener(HTTPCookieProcessor(cookies), _Stay)


@dataclass
class User:
    """Somebody at a browser: signs in when asked, and says what was decided about consent."""

    username: str = "alice"
    password: str = "correct horse battery"
    decision: str = "allow"
    pages: list[str] = field(default_factory=list[str])
    _web: Any = field(default_factory=lambda: _opener(CookieJar()))

    def follow(self, url: str) -> str:
        """Where the client is sent in the end, from the address of its request on."""
        home = urlsplit(url).netloc
        for _ in range(MOST_STEPS):
            page = self._step(url)
            if page.where is None:
                raise Stuck(url, page)
            url = page.where
            if urlsplit(url).netloc != home:
                return url
        raise AssertionError(f"going round in circles at {url}")

    def _step(self, url: str) -> Page:
        page = self.get(url)
        if page.where is not None or 'name="guard"' not in page.text:
            return page
        guard = re.search(r'name="guard" value="([^"]+)"', page.text)
        assert guard is not None, page.text
        form = {"guard": unescape(guard[1])}
        if 'name="password"' in page.text:
            self.pages.append("sign in")
            return self.post(url, {**form, "username": self.username, "password": self.password})
        self.pages.append("consent")
        return self.post(url, {**form, "decision": self.decision})

    def get(self, url: str) -> Page:
        return self._open(Request(url))

    def post(
        self, url: str, form: Mapping[str, str], headers: Mapping[str, str] | None = None
    ) -> Page:
        parts = urlsplit(url)
        fields = {"Origin": f"{parts.scheme}://{parts.netloc}", **(headers or {})}
        return self._open(Request(url, urlencode(form).encode(), fields, method="POST"))

    def _open(self, request: Request) -> Page:
        try:
            with self._web.open(request, timeout=PATIENCE_SECONDS) as response:
                return _page(response.status, response)
        except HTTPError as error:
            with error:
                return _page(error.code, error)


def _page(status: int, response: Any) -> Page:
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Page(status, response.read().decode(), headers.get("location"), headers)


def answer_of(url: str) -> dict[str, str]:
    """The parameters a client was sent back with."""
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
