"""An answer on its way out: what went by, and the fields that go with every answer."""

from __future__ import annotations

import time
from collections.abc import Awaitable, MutableMapping
from typing import Any

from .metrics import Metrics
from .wire import Pairs, Send

_STREAM = b"text/event-stream"


class Answered:
    """Stands before a server's `send`: counts, adds `extra` fields to the head, and drops the body
    where a HEAD request asked for none."""

    __slots__ = (
        "_bodiless", "_metrics", "_route", "_send", "_since", "_streaming", "extra", "status",
    )  # fmt: skip

    def __init__(self, send: Send, metrics: Metrics, route: str, bodiless: bool) -> None:
        self._send = send
        self._metrics = metrics
        self._route = route
        self._bodiless = bodiless
        self._since = time.perf_counter()
        self._streaming = False
        self.extra: Pairs = ()
        self.status = 0

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._since

    def __call__(self, message: MutableMapping[str, Any]) -> Awaitable[None]:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self._metrics.answered(self._route, self.status, time.perf_counter() - self._since)
            if self.extra:
                message = {**message, "headers": [*message.get("headers", ()), *self.extra]}
            if (b"content-type", _STREAM) in message.get("headers", ()):
                self._streaming = True
                self._metrics.streams += 1
        elif self._bodiless and message["type"] == "http.response.body":
            message = {"type": "http.response.body", "body": b"", "more_body": False}
        return self._send(message)

    def done(self) -> None:
        """Nothing more will be sent."""
        if self._streaming:
            self._streaming = False
            self._metrics.streams -= 1
