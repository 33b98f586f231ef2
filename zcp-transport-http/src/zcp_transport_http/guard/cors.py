"""Cross-origin reads (Fetch standard, "CORS protocol"): which pages may read answers."""

from __future__ import annotations

from ..config import CORSConfig, StreamableHTTPConfig
from ..wire import Headers, Pairs

_REQUEST_HEADERS = (
    "accept",
    "authorization",
    "content-type",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "traceparent",
    "tracestate",
)
_PARAMETER_PREFIX = "mcp-param-"


class CORS:
    """Header fields for browsers. `*` is never sent: an origin that is allowed is named, so that
    caches keep answers for different origins apart."""

    def __init__(self, settings: CORSConfig, sessions: StreamableHTTPConfig, auth: str) -> None:
        self._origins = {origin.lower() for origin in settings.allow_origins}
        session_headers = (sessions.session_header, sessions.native_session_header)
        headers = {*_REQUEST_HEADERS, *session_headers, *settings.allow_headers, auth}
        self._headers = {each.lower() for each in headers}
        exposed = (*session_headers, "mcp-protocol-version", "www-authenticate", "retry-after")
        self._common: list[tuple[bytes, bytes]] = []
        if settings.allow_credentials:
            self._common.append((b"access-control-allow-credentials", b"true"))
        self._exposed = (b"access-control-expose-headers", ", ".join(exposed).encode())
        self._max_age = (b"access-control-max-age", b"%d" % settings.max_age_seconds)

    @property
    def enabled(self) -> bool:
        return bool(self._origins)

    def answer_headers(self, origin: str | None) -> Pairs:
        """What goes with every answer."""
        if not self._allows(origin):
            return [(b"vary", b"origin")]
        return [*self._allowing(origin), self._exposed]

    def preflight_headers(self, headers: Headers, methods: Pairs | tuple[str, ...]) -> Pairs:
        """What a browser is told when it asks before it calls; nothing if it may not."""
        origin = headers.get("origin")
        if not self._allows(origin):
            return [(b"vary", b"origin")]
        wanted = headers.get("access-control-request-headers", "").lower()
        named = {each.strip() for each in wanted.split(",")} - {""}
        allowed = self._headers | {one for one in named if one.startswith(_PARAMETER_PREFIX)}
        return [
            *self._allowing(origin),
            (b"access-control-allow-methods", ", ".join(map(str, methods)).encode()),
            (b"access-control-allow-headers", ", ".join(sorted(allowed)).encode()),
            self._max_age,
        ]

    def _allows(self, origin: str | None) -> bool:
        return origin is not None and ("*" in self._origins or origin.lower() in self._origins)

    def _allowing(self, origin: str | None) -> list[tuple[bytes, bytes]]:
        assert origin is not None
        named = (b"access-control-allow-origin", origin.encode("latin-1"))
        return [named, (b"vary", b"origin"), *self._common]


def is_preflight(method: str, headers: Headers) -> bool:
    return (
        method == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers
    )
