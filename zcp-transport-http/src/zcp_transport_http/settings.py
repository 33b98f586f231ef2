"""The sections of one composed server, side by side."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from attrs import evolve, field, frozen
from zcp_kernel.config import ServerConfig
from zcp_kernel.errors import ConfigError

from .config import (
    BearerAuthConfig,
    CORSConfig,
    HTTPConfig,
    LogConfig,
    RateLimitConfig,
    SSEConfig,
    StreamableHTTPConfig,
)

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP


@frozen
class Settings:
    """What an HTTP server was told."""

    http: HTTPConfig = field(factory=HTTPConfig)
    sse: SSEConfig = field(factory=SSEConfig)
    streamable: StreamableHTTPConfig = field(factory=StreamableHTTPConfig)
    rate_limit: RateLimitConfig = field(factory=RateLimitConfig)
    auth: BearerAuthConfig = field(factory=BearerAuthConfig)
    cors: CORSConfig = field(factory=CORSConfig)
    log: LogConfig = field(factory=LogConfig)

    @classmethod
    def of(cls, config: ServerConfig) -> Settings:
        return cls(
            config.section(HTTPConfig),
            config.section(SSEConfig),
            config.section(StreamableHTTPConfig),
            config.section(RateLimitConfig),
            config.section(BearerAuthConfig),
            config.section(CORSConfig),
            config.section(LogConfig),
        )


def prepared(app: FastZCP, config: Any = None) -> ServerConfig:
    """The configuration to compose with: a `ServerConfig`, or what has `server_config(host)`, or
    the environment's.

    In production nothing meant for developers leaves the process: messages of unexpected exceptions
    are masked, and the log level `debug` is a `ConfigError`.
    """
    if config is None:
        config = ServerConfig.load(app.host, environ=os.environ)
    elif not isinstance(config, ServerConfig):
        config = config.server_config(app.host)
    assert isinstance(config, ServerConfig)
    server = config.section("server")
    if server.environment != "production":
        return config
    if config.section(LogConfig).level == "debug":
        raise ConfigError(
            "[log] level = 'debug' is not for production: what is logged there may hold callers' "
            "data. Take another level, or another environment"
        )
    masked = evolve(server, mask_errors=True)
    return evolve(config, sections={**config.sections, "server": masked})
