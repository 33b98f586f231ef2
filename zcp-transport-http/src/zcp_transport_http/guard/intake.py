"""Taking a request in: its header fields and its body, within their limits."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from typing import Any

import anyio

from ..config import HTTPConfig
from ..patience import Patience
from ..wire import Headers, Pairs, Receive, Scope
from .refusal import Refused

CLOSE = ((b"connection", b"close"),)
"""An answer before the body was read leaves bytes on the connection that are no request."""


LENGTH = b"content-length"
MAX_DIGITS = 20
"""Of a length: more than any body could have, and than is worth turning into a number."""
MAX_KEPT, MAX_KEPT_BYTES = 512, 2048
"""How many requests' header fields are remembered, and how long ones."""


class Disconnected(Exception):
    """The client went away before its request was complete: there is nobody to answer."""


class Intake:
    """Limits on what is read of a request.

    Header fields that came before are not read again: most clients send the same ones with every
    request, and reading them costs more than looking them up.
    """

    def __init__(self, http: HTTPConfig, patience: Patience | None = None) -> None:
        """`patience` is for `body_timeout_seconds`; None takes a timer for each body."""
        self._max_body = http.max_body_bytes
        self._max_bytes = http.max_header_bytes
        self._max_fields = http.max_headers
        self._seconds = http.body_timeout_seconds
        self._patience = patience
        self._known: dict[tuple[tuple[bytes, bytes], ...], Headers] = {}
        self.refused_bodies = 0

    def headers(self, scope: Scope) -> Headers:
        """The header fields, but for the length of the body. Raises `Refused` (431)."""
        fields = scope["headers"]
        if len(fields) > self._max_fields:
            limit = f"{self._max_fields} header fields (max_headers, ZCP_HTTP__MAX_HEADERS)"
            raise Refused(431, f"more than {limit}", headers=CLOSE)
        try:
            told = tuple([field for field in fields if field[0] != LENGTH])
            known = self._known.get(told)
        except TypeError:
            # ASGI lets a server give lists, which nothing can be looked up by.
            return self._new([(name, value) for name, value in fields])
        return self._new(told) if known is None else known

    def _new(self, fields: Sequence[tuple[bytes, bytes]]) -> Headers:
        size = sum([len(name) + len(value) for name, value in fields])
        if size > self._max_bytes:
            limit = f"{self._max_bytes} bytes (max_header_bytes, ZCP_HTTP__MAX_HEADER_BYTES)"
            raise Refused(431, f"header fields beyond {limit}", headers=CLOSE)
        headers = Headers(fields)
        if isinstance(fields, tuple) and size <= MAX_KEPT_BYTES:
            if len(self._known) >= MAX_KEPT:
                self._known.clear()
            self._known[fields] = headers
        return headers

    async def body(self, fields: Pairs, receive: Receive) -> bytes:
        """The whole body of a request with these header fields. Raises `Refused` (413, 408, 400),
        `Disconnected`."""
        for name, declared in fields:
            if name == LENGTH:
                if not declared.isdigit():
                    raise Refused(400, "content-length is not a number", headers=CLOSE)
                if len(declared) > MAX_DIGITS or int(declared) > self._max_body:
                    raise self._too_large()
        try:
            if self._patience is not None:
                return await self._patience.within(self._read, receive)
            with anyio.fail_after(self._seconds):
                return await self._read(receive)
        except TimeoutError:
            message = f"the body did not arrive within {self._seconds:g} seconds"
            raise Refused(408, message, headers=CLOSE) from None

    async def _read(self, receive: Receive) -> bytes:
        message = await receive()
        if message["type"] == "http.request" and not message.get("more_body", False):
            body: bytes = message.get("body", b"")
            if len(body) > self._max_body:
                raise self._too_large()
            return body
        return await self._read_on(message, receive)

    async def _read_on(self, message: MutableMapping[str, Any], receive: Receive) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            if message["type"] == "http.disconnect":
                raise Disconnected
            part: bytes = message.get("body", b"")
            if part:
                size += len(part)
                if size > self._max_body:
                    raise self._too_large()
                parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts)
            message = await receive()

    def _too_large(self) -> Refused:
        self.refused_bodies += 1
        return Refused(
            413,
            f"the body is larger than {self._max_body} bytes (max_body_bytes in section [http], "
            "ZCP_HTTP__MAX_BODY_BYTES)",
            headers=CLOSE,
        )
