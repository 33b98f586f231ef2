"""The authorization endpoint as a user walks through it: sign in, consent, back to the client.

Rules of this file:
- Nothing is remembered between pages: the client's request travels in the query of each, and is
  checked anew at each.
- A page that changes something is reached by a form of ours only (`Forms`), and the request it was
  shown for is part of what guards it: a consent is for exactly what the page said.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response

from ..digests import SESSION, digest_of, new_token
from ..models import BrowserSession
from ..policy import redirects
from ..policy.rate import network_of
from ..server.authorizing import Asked, Authorizing, SentBack, Unanswerable
from ..server.parts import Parts
from ..signin.contract import Attempt, SignedIn, SignIn
from ..threads import Threads
from . import html
from .guards import Cookies, Forms, new_browser, sent, shown

MOST_FIELDS = 64
SESSION_COOKIE, BROWSER_COOKIE = "session", "browser"
BROWSER_SECONDS = 3600.0
FORGED = "This form is too old, or does not come from this site. Go back and try again."


class Flow:
    """The pages of one authorization server. `title` is what users know the server by."""

    def __init__(
        self, parts: Parts, authorizing: Authorizing, sign_in: SignIn, threads: Threads, title: str
    ) -> None:
        self._parts = parts
        self._authorizing = authorizing
        self._sign_in = sign_in
        self._threads = threads
        self._title = title
        self._cookies = Cookies(parts.issuer)
        self._forms = Forms(parts.seal, parts.issuer)

    # -- authorize ---------------------------------------------------------------------------------

    async def authorize(self, request: Request) -> Response:
        """`/authorize`: GET asks; POST is the decision of the consent page."""
        try:
            if request.method == "POST":
                return await self._decided(request)
            return await self._threads.run(self._asked, request)
        except SentBack as back:
            return sent(back.url)
        except Unanswerable as error:
            return shown(html.problem("This request cannot be followed", str(error)), 400)

    def _asked(self, request: Request) -> Response:
        asked = self._authorizing.asked(_query(request))
        session = self._session(request)
        step = self._authorizing.next_step(asked, session)
        if step == "sign in" or session is None:
            return sent(f"{self._parts.endpoint('sign-in')}?{request.url.query}")
        asked = self._authorizing.limited(asked, session)
        if step == "consent":
            return self._consent(request, asked, session)
        return sent(self._authorizing.grant(asked, session))

    def _consent(self, request: Request, asked: Asked, session: BrowserSession) -> Response:
        secret = self._cookies.read(request, SESSION_COOKIE) or ""
        query = request.url.query
        text = html.consent(
            self._title,
            session.display_name,
            asked.client,
            asked.redirect_uri,
            asked.scopes,
            asked.resources,
            f"{self._parts.endpoint('authorize')}?{query}",
            self._forms.guard(secret, _purpose(asked, query)),
            f"{self._parts.endpoint('sign-in')}?{query}",
        )
        return shown(text, sends_to=redirects.origin_of(asked.redirect_uri))

    async def _decided(self, request: Request) -> Response:
        form = await _form(request)
        return await self._threads.run(self._settled, request, form)

    def _settled(self, request: Request, form: Mapping[str, str]) -> Response:
        asked = self._authorizing.asked(_query(request))
        session = self._session(request)
        if session is None:
            return sent(f"{self._parts.endpoint('sign-in')}?{request.url.query}")
        asked = self._authorizing.limited(asked, session)
        purpose = _purpose(asked, request.url.query)
        secret = self._cookies.read(request, SESSION_COOKIE)
        if not self._forms.genuine(request, secret, purpose, form.get("guard")):
            return shown(html.problem("Not accepted", FORGED), 403)
        if form.get("decision") != "allow":
            raise SentBack(self._authorizing.error_url(asked, "access_denied"))
        self._authorizing.agree(asked, session)
        return sent(self._authorizing.grant(asked, session))

    def _session(self, request: Request) -> BrowserSession | None:
        secret = self._cookies.read(request, SESSION_COOKIE)
        if not secret:
            return None
        found = self._parts.provider.get_session(digest_of(secret))
        ended = found is None or found.expires_at <= self._parts.clock()
        return None if ended else found

    # -- sign-in -----------------------------------------------------------------------------------

    async def sign_in(self, request: Request) -> Response:
        """`/sign-in`: who is it? The query is the client's request, to go on with afterwards."""
        try:
            asked = await self._threads.run(self._authorizing.asked, _query(request))
        except SentBack as back:
            return sent(back.url)
        except Unanswerable as error:
            return shown(html.problem("This request cannot be followed", str(error)), 400)
        browser = self._cookies.read(request, BROWSER_COOKIE) or new_browser()
        client = redirects.origin_of(asked.redirect_uri)
        if request.method == "GET":
            response = await self._sign_in.begin(self._attempt(request, browser, {}, client))
            self._cookies.write(response, BROWSER_COOKIE, browser, BROWSER_SECONDS)
            return response
        form = await _form(request)
        known = self._cookies.read(request, BROWSER_COOKIE)
        if not self._forms.genuine(request, known, "sign in", form.get("guard")):
            return shown(html.problem("Not accepted", FORGED), 403)
        outcome = await self._sign_in.finish(self._attempt(request, browser, form, client))
        return await self._signed_in(request, outcome, request.url.query)

    async def callback(self, request: Request) -> Response:
        """`/sign-in/callback`: another server sent the browser back."""
        query = self._sign_in.resumed(request)
        if query is None:
            return shown(html.problem("Not accepted", FORGED), 403)
        outcome = await self._sign_in.finish(self._attempt(request, "", {}))
        return await self._signed_in(request, outcome, query)

    async def _signed_in(
        self, request: Request, outcome: SignedIn | Response, query: str
    ) -> Response:
        if isinstance(outcome, Response):
            return outcome
        secret = new_token(SESSION)
        await self._threads.run(self._remember, request, outcome, secret)
        response = sent(f"{self._parts.endpoint('authorize')}?{_without_login(query)}")
        seconds = self._parts.settings.session_seconds
        self._cookies.write(response, SESSION_COOKIE, secret, seconds)
        return response

    def _remember(self, request: Request, who: SignedIn, secret: str) -> None:
        """A new session, whatever was there before (session fixation)."""
        now = self._parts.clock()
        before = self._cookies.read(request, SESSION_COOKIE)
        if before:
            self._parts.provider.delete_session(digest_of(before))
        self._parts.provider.save_session(
            BrowserSession(
                digest_of(secret),
                who.subject,
                who.display_name,
                who.scopes,
                now,
                now + self._parts.settings.session_seconds,
                self._sign_in.name,
            )
        )

    def _attempt(
        self, request: Request, browser: str, form: Mapping[str, str], client: str | None = None
    ) -> Attempt:
        """`client` is where the client is: browsers hold the redirects after a form to the policy
        of its page, and a sign-in may lead straight to the client."""
        action = f"{self._parts.endpoint('sign-in')}?{request.url.query}"
        guard = self._forms.guard(browser, "sign in")

        def show(message: str | None, status: int) -> Response:
            return shown(html.sign_in(self._title, action, guard, message), status, sends_to=client)

        return Attempt(
            request,
            form,
            address_of(request),
            show,
            self._parts.endpoint("sign-in/callback"),
            request.url.query,
        )


def address_of(request: Request) -> str:
    """The network a request comes from."""
    return network_of(request.client.host) if request.client is not None else "unknown"


def _query(request: Request) -> list[tuple[str, str]]:
    try:
        return parse_qsl(request.url.query, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        raise Unanswerable("it has too many parameters") from None


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    try:
        return dict(parse_qsl(body.decode("utf-8", "replace"), max_num_fields=MOST_FIELDS))
    except ValueError:
        return {}


def _purpose(asked: Asked, query: str) -> str:
    """What a consent is for: the request as it came, and what it came to for this user."""
    return f"consent\0{query}\0{asked!r}"


def _without_login(query: str) -> str:
    """The request after a sign-in it may have asked for: which is done now."""
    kept: list[str] = []
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "prompt":
            left = [one for one in value.replace("%20", "+").split("+") if one == "consent"]
            if left:
                kept.append("prompt=consent")
        elif name != "max_age":
            kept.append(part)
    return "&".join(kept)
