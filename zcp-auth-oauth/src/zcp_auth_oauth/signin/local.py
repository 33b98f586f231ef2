"""Users of this server's own store: a name and a password."""

from __future__ import annotations

import time
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from ..policy.rate import Rate
from ..providers.contract import OAuthProvider
from ..threads import Busy, Threads
from .contract import Attempt, SignedIn
from .passwords import Passwords

WINDOW_SECONDS = 300.0
RETRY_SECONDS = 2
WRONG = "The name or the password is wrong."


class LocalSignIn:
    """Checks name and password. Failures are counted by name and by network address: neither a
    list of names nor a list of passwords can be gone through. `threads` are storage's."""

    name = "local"

    def __init__(
        self,
        provider: OAuthProvider,
        *,
        threads: Threads,
        queue: int,
        attempts: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._provider = provider
        self._threads = threads
        self._passwords = Passwords(queue)
        self._names = Rate(attempts, WINDOW_SECONDS, clock)
        self._addresses = Rate(attempts * 10, WINDOW_SECONDS, clock)

    async def begin(self, attempt: Attempt) -> Response:
        return attempt.show(None, 200)

    async def finish(self, attempt: Attempt) -> SignedIn | Response:
        username = attempt.form.get("username", "").strip()
        wait = self._names.blocked(username) or self._addresses.blocked(attempt.address)
        if wait is not None:
            return _later(attempt, "Too many attempts failed. Try again later.", 429, wait)
        user = await self._threads.run(self._provider.get_user, username)
        known = user if user is not None and not user.disabled else None
        stored = None if known is None else known.password_hash
        try:
            right = await self._passwords.check(stored, attempt.form.get("password", ""))
        except Busy:
            message = "Too many people sign in just now. Try again in a moment."
            return _later(attempt, message, 503, RETRY_SECONDS)
        if known is None or not right:
            self._names.wait(username)
            self._addresses.wait(attempt.address)
            return attempt.show(WRONG, 401)
        return SignedIn(known.subject, known.display_name or known.username, known.scopes)

    def resumed(self, request: Request) -> str | None:
        return None


def _later(attempt: Attempt, message: str, status: int, wait: int) -> Response:
    response = attempt.show(message, status)
    response.headers["retry-after"] = str(wait)
    return response
