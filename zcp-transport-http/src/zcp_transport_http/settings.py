"""The sections of one composed server, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from .config import (
    BearerAuthConfig,
    CORSConfig,
    HTTPConfig,
    LogConfig,
    RateLimitConfig,
    SSEConfig,
    StreamableHTTPConfig,
    WebSocketConfig,
)

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig


@frozen
class Settings:
    """What an HTTP server was told."""

    http: HTTPConfig = HTTPConfig()
    sse: SSEConfig = SSEConfig()
    streamable: StreamableHTTPConfig = StreamableHTTPConfig()
    websocket: WebSocketConfig = WebSocketConfig()
    rate_limit: RateLimitConfig = RateLimitConfig()
    auth: BearerAuthConfig = BearerAuthConfig()
    cors: CORSConfig = CORSConfig()
    log: LogConfig = LogConfig()

    @classmethod
    def of(cls, config: ServerConfig) -> Settings:
        return cls(
            config.section(HTTPConfig),
            config.section(SSEConfig),
            config.section(StreamableHTTPConfig),
            config.section(WebSocketConfig),
            config.section(RateLimitConfig),
            config.section(BearerAuthConfig),
            config.section(CORSConfig),
            config.section(LogConfig),
        )
