"""The settings of an HTTP server, section by section.

`metadata` documents a field: `help` says what it does, `unit` what its number counts; a field
marked `secret` is never echoed in a message.
"""

from __future__ import annotations

from typing import Any, Literal

from attrs import Attribute, field, frozen
from attrs.validators import deep_iterable, ge, gt, matches_re, optional

KIB = 1024
MIB = 1024 * KIB


def _setting(
    default: Any, help: str, *, unit: str | None = None, check: Any = None, secret: bool = False
) -> Any:
    metadata: dict[str, Any] = {"help": help}
    if unit is not None:
        metadata["unit"] = unit
    if secret:
        metadata["secret"] = True
    return field(default=default, validator=check, metadata=metadata, repr=not secret)


_PATH = matches_re(r"/[^?#\s]*[^?#\s/]")
_PATH_OR_NONE = matches_re(r"(/[^?#\s]*[^?#\s/])?")
_HEADER = matches_re(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


def _an_origin(_: Any, attribute: Attribute[Any], value: str) -> None:
    scheme, separator, rest = value.partition("://")
    if value != "*" and not (separator and scheme and rest and "/" not in rest):
        raise ValueError(
            f"{attribute.name}: an origin is scheme://host or scheme://host:port, not {value!r}"
        )


@frozen
class HTTPConfig:
    """Where an HTTP server listens, at which paths, for which hosts, and what it takes in."""

    host: str = _setting("127.0.0.1", "Address to listen at.")
    port: int = _setting(8000, "Port to listen at; 0 takes a free one.", unit="port", check=ge(0))
    mcp_path: str = _setting("/mcp", "Path of Streamable HTTP for MCP clients.", check=_PATH)
    zcp_path: str = _setting("/zcp", "Path of the native plane.", check=_PATH)
    health_path: str = _setting("/healthz", "Path that says the process is alive.", check=_PATH)
    ready_path: str = _setting("/readyz", "Path that says requests can be served.", check=_PATH)
    metadata_path: str = _setting("/metadata", "Path that describes the service.", check=_PATH)
    metrics_path: str = _setting(
        "/metrics", "Path of the Prometheus metrics; empty: none are kept.", check=_PATH_OR_NONE
    )
    public_url: str | None = _setting(
        None, "URL clients know this server by; its host is an allowed one."
    )
    allowed_hosts: tuple[str, ...] = _setting(
        (),
        "Hosts a request may name, each `name`, `name:port` or `*.name`, besides localhost, the "
        "address it came to and the public URL's; `*` allows every host.",
    )
    allowed_origins: tuple[str, ...] = _setting(
        (),
        "Origins of pages that may call this server, besides those on an allowed host; `*` allows "
        "every origin.",
        check=deep_iterable(_an_origin),
    )
    authenticators: tuple[str, ...] = _setting(
        (), "Authenticators of plugins to use that have no section of their own."
    )
    max_body_bytes: int = _setting(4 * MIB, "Largest body of a request.", unit="bytes", check=gt(0))
    max_header_bytes: int = _setting(
        32 * KIB, "Most bytes of header names and values.", unit="bytes", check=gt(0)
    )
    max_headers: int = _setting(100, "Most header fields.", unit="fields", check=gt(0))
    body_timeout_seconds: float = _setting(
        30.0, "Time a client has to send its body.", unit="seconds", check=gt(0)
    )
    drain_seconds: float = _setting(
        10.0, "Time that calls in flight have to end when the server stops.", unit="seconds",
        check=ge(0),
    )  # fmt: skip


@frozen
class SSEConfig:
    """HTTP+SSE, the transport of MCP 2024-11-05, and how open event streams are kept alive."""

    enabled: bool = _setting(True, "Serve the HTTP+SSE transport of MCP 2024-11-05.")
    path: str = _setting("/sse", "Path of its event stream.", check=_PATH)
    message_path: str = _setting("/messages", "Path its messages are posted to.", check=_PATH)
    keepalive_seconds: float = _setting(
        15.0, "Longest silence of an event stream before a comment is sent.", unit="seconds",
        check=gt(0),
    )  # fmt: skip


@frozen
class StreamableHTTPConfig:
    """Sessions over Streamable HTTP: how they are named, replayed, bounded and forgotten."""

    session_header: str = _setting(
        "mcp-session-id", "Header that names the session.", check=_HEADER
    )
    native_session_header: str = _setting(
        "x-zcp-session", "Header that names the session on the native plane.", check=_HEADER
    )
    replay_events: int = _setting(
        256, "Most events of a stream kept for clients that resume it.", unit="events", check=ge(0)
    )
    replay_bytes: int = _setting(
        MIB, "Most bytes of events a session keeps for that.", unit="bytes", check=ge(0)
    )
    retry_ms: int = _setting(
        1000, "Pause clients are told to make before they resume a stream.", unit="milliseconds",
        check=ge(0),
    )  # fmt: skip
    session_ttl_seconds: float = _setting(
        1800.0, "Life of a session nobody uses.", unit="seconds", check=gt(0)
    )
    sessions: bool = _setting(
        True,
        "Keep sessions; without them only what needs none is served: the stateless MCP revision, "
        "and native calls.",
    )
    max_sessions: int = _setting(10_000, "Most sessions at once.", unit="sessions", check=gt(0))
    max_session_bytes: int = _setting(
        64 * MIB, "Most bytes all sessions together keep for replay.", unit="bytes", check=gt(0)
    )
    json_response: bool = _setting(
        False,
        "Answer every POST with JSON: progress and questions go to the session's GET stream, and a "
        "call without a session has neither.",
    )


@frozen
class RateLimitConfig:
    """How many requests one caller may make; health and readiness do not count."""

    max_requests: int | None = _setting(
        None, "Most requests of one caller within a window; unlimited if not given.",
        unit="requests", check=optional(gt(0)),
    )  # fmt: skip
    window_seconds: float = _setting(60.0, "Length of the window.", unit="seconds", check=gt(0))
    by: Literal["principal", "address"] = _setting(
        "principal",
        "Who a caller is: the principal (its address as long as it has not signed in), or the "
        "address alone.",
    )
    max_callers: int = _setting(
        10_000, "Most callers counted one by one; more of them share one budget.", unit="callers",
        check=gt(0),
    )  # fmt: skip


def _not_empty(_: Any, attribute: Attribute[Any], value: str | None) -> None:
    if value is not None and not value.strip():
        raise ValueError(f"{attribute.name} is empty; leave it out to serve without a token")


@frozen
class BearerAuthConfig:
    """A static token that callers must present."""

    token: str | None = _setting(
        None, "The token; without one this way in does not exist.", check=_not_empty, secret=True
    )
    header_name: str = _setting("authorization", "Header that carries it.", check=_HEADER)
    scheme: str = _setting(
        "bearer", "Authorization scheme before it; empty: the header is the token alone."
    )
    scopes: tuple[str, ...] | None = _setting(
        None, "Scopes its bearer holds; those of the app's `auth_profile` if not given."
    )
    subject: str = _setting("bearer", "Name of the principal it stands for.")


@frozen
class CORSConfig:
    """Which pages of other origins a browser lets read answers."""

    allow_origins: tuple[str, ...] = _setting(
        (), "Origins whose pages may call and read; `*`: every page.",
        check=deep_iterable(_an_origin),
    )  # fmt: skip
    allow_credentials: bool = _setting(
        False, "Let those pages send cookies and client certificates; not together with `*`."
    )
    allow_headers: tuple[str, ...] = _setting(
        (), "Request headers pages may send besides those of the protocols."
    )
    max_age_seconds: int = _setting(
        600, "Time a browser may keep the answer of a preflight.", unit="seconds", check=ge(0)
    )

    def __attrs_post_init__(self) -> None:
        if self.allow_credentials and "*" in self.allow_origins:
            raise ValueError(
                "allow_origins: '*' with allow_credentials would let every page act as the user; "
                "name the origins"
            )


@frozen
class LogConfig:
    """What the SDK writes to standard error."""

    format: Literal["json", "console"] | None = _setting(
        None, "One JSON object a line, or text for people; left to the program if not given."
    )
    level: Literal["debug", "info", "warning", "error"] = _setting(
        "info", "Least severe records to write."
    )


@frozen
class TelemetryConfig:
    """OpenTelemetry, where its API is installed."""

    enabled: bool = _setting(True, "Make spans and metrics of the operations served.")


SECTIONS: dict[str, type] = {
    "http": HTTPConfig,
    "sse": SSEConfig,
    "streamable_http": StreamableHTTPConfig,
    "rate_limit": RateLimitConfig,
    "auth": BearerAuthConfig,
    "cors": CORSConfig,
    "log": LogConfig,
    "telemetry": TelemetryConfig,
}
