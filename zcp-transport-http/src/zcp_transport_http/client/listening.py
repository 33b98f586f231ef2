"""The stream for what a server says by itself."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from contextlib import aclosing

import anyio

from .exchange import Line
from .streams import Cursor, Patience, backoff_seconds, read_events

__all__ = ["Listener"]

log = logging.getLogger("zcp.http")

GONE = 404
SERVER_ERRORS = 500
TOO_MANY = 429


class Listener:
    """Keeps a GET stream open for as long as its session lives, and resumes it where it was lost.

    A server that cannot be reached is tried again and again, ever more seldom: it costs nobody
    anything, and the session may still be there. Once it has answered a call it is tried at once.
    """

    def __init__(
        self, line: Line, take: Callable[[bytes], Awaitable[None]], gone: Callable[[], None]
    ) -> None:
        """`take` gets each frame; `gone` is called when the session is."""
        self._line = line
        self._take = take
        self._gone = gone
        self._cursor = Cursor()
        self._heard = False
        self._listened = False
        self._away = False
        self._answer = anyio.Event()

    def answered(self) -> None:
        """The server has answered a call."""
        self._answer.set()

    async def run(self) -> None:
        """Returns when the server has no such stream, or the session is gone."""
        failures, woken = 0, False
        while True:
            self._heard = self._away = False
            clean = True
            try:
                if not await self._listen():
                    return
            except OSError as error:
                log.debug("the stream of %s was lost: %s", self._line.url, error)
                clean, self._away = False, True
            except Exception as error:
                # Its credentials could not be got, or what it sends is beyond all bounds. Nobody
                # waits here who could be told, and calls will meet with the same.
                log.warning("%s is not listened to any more: %s", self._line.url, error)
                return
            failures = 0 if self._heard else failures + 1
            pause = self._cursor.retry_ms / 1000 if clean or self._heard else 0.0
            pause = max(pause, backoff_seconds(failures) if failures else 0.0)
            woken = await self._rest(pause, wakes=self._away and not woken)

    async def _rest(self, seconds: float, *, wakes: bool) -> bool:
        """Pause; whether the answer to a call ended it early. Not twice in a row: a server may
        answer calls and have no streams."""
        if not wakes:
            await anyio.sleep(seconds)
            return False
        self._answer = anyio.Event()
        with anyio.move_on_after(seconds):
            await self._answer.wait()
        return self._answer.is_set()

    async def _listen(self) -> bool:
        fields = self._line.standing.fields()
        fields.pop("content-type", None)
        if self._cursor.id is not None:
            fields["last-event-id"] = self._cursor.field
        async with self._line.http.request("GET", self._line.url, fields) as response:
            if response.status == GONE and self._line.standing.session_id is not None:
                self._gone()
                return False
            if response.status == TOO_MANY or response.status >= SERVER_ERRORS:
                self._away = response.status != TOO_MANY
                return True
            if response.status >= 400 or not response.is_stream:
                return self._goes_on_without(response.status)
            self._listened = True
            patience = Patience(self._line.least_silence)
            async with aclosing(read_events(response, patience)) as events:
                async for event in events:
                    self._heard = True
                    self._cursor.note(event)
                    if event.data and event.name == "message":
                        await self._take(event.data)
        return True

    def _goes_on_without(self, status: int) -> bool:
        """The server gives no stream, or none that goes on where the last one was lost."""
        if self._cursor.id is not None:
            log.warning(
                "%s no longer has what it said since %s (HTTP %d); fetch anew what you need",
                self._line.url, self._cursor.id, status,
            )  # fmt: skip
            self._cursor = Cursor()
            return True
        if self._listened:
            return True
        log.debug("%s has no stream of its own (HTTP %d)", self._line.url, status)
        return False
