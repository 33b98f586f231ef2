"""The settings of an HTTP server, section by section."""

from __future__ import annotations

from typing import Any, Literal

from attrs import Attribute, frozen
from attrs.validators import deep_iterable, ge, gt, matches_re
from zcp_kernel.config import RateLimitConfig, an_origin, setting

__all__ = [
    "SECTIONS",
    "BearerAuthConfig",
    "CORSConfig",
    "HTTPConfig",
    "LogConfig",
    "RateLimitConfig",
    "SSEConfig",
    "StreamableHTTPConfig",
    "TelemetryConfig",
]

KIB = 1024
MIB = 1024 * KIB


_PATH = matches_re(r"/[^?#\s]*[^?#\s/]")
_PATH_OR_NONE = matches_re(r"(/[^?#\s]*[^?#\s/])?")
_HEADER = matches_re(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


@frozen
class HTTPConfig:
    """Where an HTTP server listens, at which paths, for which hosts, and what it takes in."""

    host: str = setting("127.0.0.1", "Address to listen at.")
    port: int = setting(8000, "Port to listen at; 0 takes a free one.", unit="port", check=ge(0))
    mcp_path: str = setting("/mcp", "Path of Streamable HTTP for MCP clients.", check=_PATH)
    zcp_path: str = setting("/zcp", "Path of the native plane.", check=_PATH)
    health_path: str = setting("/healthz", "Path that says the process is alive.", check=_PATH)
    ready_path: str = setting("/readyz", "Path that says requests can be served.", check=_PATH)
    metadata_path: str = setting("/metadata", "Path that describes the service.", check=_PATH)
    metrics_path: str = setting(
        "/metrics", "Path of the Prometheus metrics; empty: none are kept.", check=_PATH_OR_NONE
    )
    public_url: str | None = setting(
        None, "URL clients know this server by; its host is an allowed one."
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        "Hosts a request may name, each `name`, `name:port` or `*.name`, besides localhost, the "
        "address it came to and the public URL's; `*` allows every host.",
    )
    allowed_origins: tuple[str, ...] = setting(
        (),
        "Origins of pages that may call this server, besides those on an allowed host; `*` allows "
        "every origin.",
        check=deep_iterable(an_origin),
    )
    authenticators: tuple[str, ...] = setting(
        (), "Authenticators of plugins to use that have no section of their own."
    )
    max_body_bytes: int = setting(4 * MIB, "Largest body of a request.", unit="bytes", check=gt(0))
    max_header_bytes: int = setting(
        32 * KIB, "Most bytes of header names and values.", unit="bytes", check=gt(0)
    )
    max_headers: int = setting(100, "Most header fields.", unit="fields", check=gt(0))
    body_timeout_seconds: float = setting(
        30.0, "Time a client has to send its body.", unit="seconds", check=gt(0)
    )
    drain_seconds: float = setting(
        10.0, "Time that calls in flight have to end when the server stops.", unit="seconds",
        check=ge(0),
    )  # fmt: skip


@frozen
class SSEConfig:
    """HTTP+SSE, the transport of MCP 2024-11-05, and how open event streams are kept alive."""

    enabled: bool = setting(True, "Serve the HTTP+SSE transport of MCP 2024-11-05.")
    path: str = setting("/sse", "Path of its event stream.", check=_PATH)
    message_path: str = setting("/messages", "Path its messages are posted to.", check=_PATH)
    keepalive_seconds: float = setting(
        15.0, "Longest silence of an event stream before a comment is sent.", unit="seconds",
        check=gt(0),
    )  # fmt: skip


@frozen
class StreamableHTTPConfig:
    """Sessions over Streamable HTTP: how they are named, replayed, bounded and forgotten."""

    session_header: str = setting("mcp-session-id", "Header that names the session.", check=_HEADER)
    native_session_header: str = setting(
        "x-zcp-session", "Header that names the session on the native plane.", check=_HEADER
    )
    replay_events: int = setting(
        256, "Most events of a stream kept for clients that resume it.", unit="events", check=ge(0)
    )
    replay_bytes: int = setting(
        MIB, "Most bytes of events a session keeps for that.", unit="bytes", check=ge(0)
    )
    retry_ms: int = setting(
        1000, "Pause clients are told to make before they resume a stream.", unit="milliseconds",
        check=ge(0),
    )  # fmt: skip
    session_ttl_seconds: float = setting(
        1800.0, "Life of a session nobody uses.", unit="seconds", check=gt(0)
    )
    sessions: bool = setting(
        True,
        "Keep sessions; without them only what needs none is served: the stateless MCP revision, "
        "and native calls.",
    )
    max_sessions: int = setting(10_000, "Most sessions at once.", unit="sessions", check=gt(0))
    max_session_bytes: int = setting(
        64 * MIB, "Most bytes all sessions together keep for replay.", unit="bytes", check=gt(0)
    )
    json_response: bool = setting(
        False,
        "Answer every POST with JSON: progress and questions go to the session's GET stream, and a "
        "call without a session has neither.",
    )


def _not_empty(_: Any, attribute: Attribute[Any], value: str | None) -> None:
    if value is not None and not value.strip():
        raise ValueError(f"{attribute.name} is empty; leave it out to serve without a token")


@frozen
class BearerAuthConfig:
    """A static token that callers must present."""

    token: str | None = setting(
        None, "The token; without one this way in does not exist.", check=_not_empty, secret=True
    )
    header_name: str = setting("authorization", "Header that carries it.", check=_HEADER)
    scheme: str = setting(
        "bearer", "Authorization scheme before it; empty: the header is the token alone."
    )
    scopes: tuple[str, ...] | None = setting(
        None, "Scopes its bearer holds; those of the app's `auth_profile` if not given."
    )
    subject: str = setting("bearer", "Name of the principal it stands for.")


@frozen
class CORSConfig:
    """Which pages of other origins a browser lets read answers."""

    allow_origins: tuple[str, ...] = setting(
        (), "Origins whose pages may call and read; `*`: every page.",
        check=deep_iterable(an_origin),
    )  # fmt: skip
    allow_credentials: bool = setting(
        False, "Let those pages send cookies and client certificates; not together with `*`."
    )
    allow_headers: tuple[str, ...] = setting(
        (), "Request headers pages may send besides those of the protocols."
    )
    max_age_seconds: int = setting(
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

    format: Literal["json", "console"] | None = setting(
        None, "One JSON object a line, or text for people; left to the program if not given."
    )
    level: Literal["debug", "info", "warning", "error"] = setting(
        "info", "Least severe records to write."
    )


@frozen
class TelemetryConfig:
    """OpenTelemetry, where its API is installed."""

    enabled: bool = setting(True, "Make spans and metrics of the operations served.")


SECTIONS: dict[str, type] = {
    "http": HTTPConfig,
    "sse": SSEConfig,
    "streamable_http": StreamableHTTPConfig,
    "auth": BearerAuthConfig,
    "cors": CORSConfig,
    "log": LogConfig,
    "telemetry": TelemetryConfig,
}
