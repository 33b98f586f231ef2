"""What the header fields of a request settle, whatever its body says."""

from __future__ import annotations

from typing import Literal

from attrs import frozen

from ..wire import Headers
from .negotiation import KEY, Accepted, accepted, contradicts, is_json, resend_key

__all__ = ["Plane", "Terms", "TermsReader"]

Plane = Literal["mcp", "native"]


@frozen
class Terms:
    """`contradiction` is a field that came with several values; `refusal` the status and message
    for a POST that cannot be served; `session` and `key` are what it names."""

    takes: Accepted
    session: str | None
    key: str | None
    contradiction: str | None
    refusal: tuple[int, str] | None


class TermsReader:
    """Reads the terms of requests to one endpoint, whose sessions go by the first of
    `session_headers` a request has."""

    def __init__(self, plane: Plane, session_headers: tuple[str, ...]) -> None:
        once = ("mcp-protocol-version", "last-event-id", "content-type", KEY)
        self._plane = plane
        self._session_headers = session_headers
        self._single = (*session_headers, *once)

    def of(self, headers: Headers) -> Terms:
        """Those of a request with these fields."""
        terms: Terms | None = headers.made.get(self)
        if terms is None:
            terms = headers.made[self] = self._read(headers)
        return terms

    def _read(self, headers: Headers) -> Terms:
        takes = accepted(headers)
        named = [headers[name] for name in self._session_headers if name in headers]
        return Terms(
            takes,
            named[0] if named else None,
            resend_key(headers),
            contradicts(headers, *self._single),
            self._refusal(headers, takes),
        )

    def _refusal(self, headers: Headers, takes: Accepted) -> tuple[int, str] | None:
        if not is_json(headers):
            return 415, "send Content-Type: application/json"
        both = takes.json and takes.stream
        if not (both or (self._plane == "native" and (takes.json or takes.stream))):
            return 406, "send Accept: application/json, text/event-stream"
        return None
