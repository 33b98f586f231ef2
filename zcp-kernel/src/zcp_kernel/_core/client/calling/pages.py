"""Pages a server wants opened before it does what it was asked (MCP 2025-11-25, client/elicitation,
"URL Elicitation Required Error").

Rules of this file:
- The user is asked once about each page, however many calls need it, and about one at a time.
- That the user agreed does not say that he is through. A server may tell when he is, and need not.
  So the call is sent again when it tells, or after a moment without a word: nothing was run, and a
  server that still wants the page says so. Then it is given the time a user takes, and asked a last
  time.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import anyio

from ....contracts import Revision
from ....errors import (
    ConnectionLost,
    InvalidParams,
    MissingCapability,
    RemoteError,
    URLElicitationRequired,
)
from ....model import ElicitationComplete, ElicitationRequest
from ..hooks import ClientHooks

MOMENT_SECONDS = 2.0
USER_SECONDS = 60.0


class Pages:
    """The pages that one call was refused for."""

    def __init__(
        self, refusal: RemoteError, told: Sequence[Mapping[str, Any]], revision: Revision
    ) -> None:
        """Raises `InvalidParams` for what is no request to open a page."""
        method = revision.peer_requests["elicitation/request"]
        self.requests: list[ElicitationRequest] = [method.decode_params(each) for each in told]
        self._told = [dict(each) for each in told]
        self._refusal = refusal
        self._open = {each.elicitation_id for each in self.requests}
        self._done = anyio.Event()
        self._given_up = False

    @property
    def done(self) -> bool:
        """Whether the server said of each that the user is through with it."""
        return not self._open

    def heard(self, notice: ElicitationComplete) -> None:
        self._open.discard(notice.elicitation_id)
        if not self._open:
            self._done.set()

    async def completed(self, seconds: float) -> None:
        """Until the user is through with all of them, so long at most. Raises `ConnectionLost` once
        nobody will tell."""
        with anyio.move_on_after(seconds):
            await self._done.wait()
        if self._given_up:
            raise ConnectionLost("the session was closed before its pages were visited")

    def give_up(self) -> None:
        """Nobody will tell any more."""
        self._given_up = True
        self._done.set()

    def unopened(self, why: str) -> URLElicitationRequired:
        """The error of a call that cannot go through as long as these are not visited."""
        urls = ", ".join(str(each.url) for each in self.requests)
        message = self._refusal.message
        if urls not in message:
            message = f"{message.rstrip('.')}: open {urls} and call again; {why}"
        return URLElicitationRequired(message, self._refusal, self._told)


def pages_of(error: RemoteError, revision: Revision) -> Pages | None:
    """The pages an error asks for; None for one that asks for none that could be shown."""
    objection = revision.client.objection(error)
    if objection is None or objection.reason != "pages":
        return None
    try:
        return Pages(error, objection.pages, revision)
    except InvalidParams:
        return None


class Refused(Protocol):
    def __call__(self, error: RemoteError) -> Pages | None:
        """The pages this error is about, None for any other."""
        ...


class Visits:
    """The calls of one session that wait for pages."""

    def __init__(self) -> None:
        self._waiting: list[Pages] = []
        self._asking = anyio.Lock()
        self._answers: dict[str, str] = {}

    async def through(
        self,
        pages: Pages,
        hooks: ClientHooks,
        again: Callable[[], Awaitable[Any]],
        refused: Refused,
        seconds: float,
    ) -> Any:
        """What comes of the call once its pages were visited; `seconds` is the longest wait for the
        user to be through.

        Raises `URLElicitationRequired` if he does not agree, or the server still wants pages then;
        what a hook raises, and what `again` does.
        """
        self._waiting.append(pages)
        try:
            await self._show(pages, hooks)
            for patience in (MOMENT_SECONDS, USER_SECONDS):
                await pages.completed(min(patience, seconds))
                through = pages.done
                try:
                    return await again()
                except RemoteError as error:
                    still = refused(error)
                    if still is None:
                        raise
                    failure = still.unopened("it was opened before, and the server still wants it")
                    failure.__cause__ = error
                if through:
                    break
            raise failure
        finally:
            self._waiting.remove(pages)
            if not self._waiting:
                self._answers.clear()

    async def _show(self, pages: Pages, hooks: ClientHooks) -> None:
        for request in pages.requests:
            key = request.elicitation_id or ""
            async with self._asking:
                if key not in self._answers:
                    try:
                        self._answers[key] = (await hooks.elicit(request)).action
                    except MissingCapability as error:
                        why = "this client has no elicitation_handler that could ask the user"
                        raise pages.unopened(why) from error
            if self._answers[key] != "accept":
                raise pages.unopened(f"the user did not agree ({self._answers[key]})")

    def heard(self, notice: ElicitationComplete) -> None:
        for pages in self._waiting:
            pages.heard(notice)

    def give_up(self) -> None:
        """The session is closed."""
        for pages in self._waiting:
            pages.give_up()
