"""The settings of WebSocket: configuration section `websocket`."""

from __future__ import annotations

from attrs import frozen
from attrs.validators import deep_iterable, ge, gt, matches_re
from zcp_kernel.config import an_origin, setting

KIB = 1024
MIB = 1024 * KIB


@frozen
class WebSocketConfig:
    """WebSocket: where it is, whom it lets in, and its bounds."""

    enabled: bool = setting(True, "Let WebSocket connections in.")
    path: str = setting("/ws", "Path of the WebSocket.", check=matches_re(r"/[^?#\s]*[^?#\s/]"))
    host: str = setting("127.0.0.1", "Address `serve_websocket` listens at.")
    port: int = setting(
        8765, "Port `serve_websocket` listens at; 0 takes a free one.", unit="port", check=ge(0)
    )
    allowed_hosts: tuple[str, ...] = setting(
        (),
        "Hosts an upgrade may name, each `name`, `name:port` or `*.name`, besides those of section "
        "`http`, localhost and the address it came to; `*` allows every host.",
    )
    allowed_origins: tuple[str, ...] = setting(
        (),
        "Origins of pages that may connect, besides those of section `http` and those on an "
        "allowed host; `*` allows every origin.",
        check=deep_iterable(an_origin),
    )
    authenticators: tuple[str, ...] = setting(
        (), "Authenticators of plugins `serve_websocket` uses that have no section of their own."
    )
    token_in_subprotocol: bool = setting(
        False,
        "Take a bearer token from the offered subprotocol `zcp.bearer.<base64url>`, for browsers, "
        "which cannot send the header.",
    )
    token_in_query: str = setting(
        "",
        "Query parameter to take a bearer token from; empty: none. URLs end up in logs.",
    )
    max_connections: int = setting(
        10_000, "Most sockets at once, lost ones that may come back included.", unit="sockets",
        check=gt(0),
    )  # fmt: skip
    max_message_bytes: int = setting(
        4 * MIB, "Largest message taken in; a larger one closes the socket with 1009.",
        unit="bytes", check=gt(0),
    )  # fmt: skip
    keepalive_seconds: float = setting(
        20.0,
        "Pause between two pings, and the time a peer has to answer one, where this package has "
        "the socket; 0 sends none.",
        unit="seconds",
        check=ge(0),
    )
    slow_seconds: float = setting(
        30.0, "Time a peer may take nothing of what it is sent before it is cut off.",
        unit="seconds", check=gt(0),
    )  # fmt: skip
    handshake_seconds: float = setting(
        10.0, "Time a peer of `serve_websocket` has for its opening handshake.", unit="seconds",
        check=gt(0),
    )  # fmt: skip
    drain_seconds: float = setting(
        10.0, "Time that calls in flight have to end when the server stops.", unit="seconds",
        check=ge(0),
    )  # fmt: skip
    resume_seconds: float = setting(
        60.0,
        "Time a native client has to come back to its session after its socket dropped; 0: none.",
        unit="seconds",
        check=ge(0),
    )
    replay_events: int = setting(
        256, "Most messages sent to a native client that it need not have confirmed.",
        unit="messages", check=ge(64),
    )  # fmt: skip
    replay_bytes: int = setting(
        MIB, "Bytes of such messages after which their sender waits.", unit="bytes",
        check=ge(512 * KIB),
    )  # fmt: skip
    max_replay_bytes: int = setting(
        64 * MIB, "Most bytes kept for all clients that are gone and may come back.", unit="bytes",
        check=gt(0),
    )  # fmt: skip
