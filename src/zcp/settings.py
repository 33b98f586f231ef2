"""`ZCPServerConfig`: every setting of a server as typed keywords."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from attrs import evolve, field, frozen
from zcp_kernel.config import (
    HandlesSection,
    ServerConfig,
    TasksSection,
    ToolExposureConfig,
    ToolsSection,
)
from zcp_kernel.errors import ConfigError

if TYPE_CHECKING:
    from zcp_auth_oauth.config import OAuthConfig, ResourceServerConfig
    from zcp_auth_oauth.providers.contract import OAuthProvider
    from zcp_kernel.plugins import PluginHost
    from zcp_store_sqlite.config import StoreConfig
    from zcp_transport_http.config import (
        BearerAuthConfig,
        CORSConfig,
        HTTPConfig,
        LogConfig,
        RateLimitConfig,
        SSEConfig,
        StreamableHTTPConfig,
        TelemetryConfig,
    )
    from zcp_transport_stdio.config import StdioConfig
    from zcp_transport_ws.config import WebSocketConfig


@frozen(kw_only=True)
class ZCPServerConfig:
    """Settings of one server; what is None is left to the environment, TOML or the default.

    `service_name` to `local_scopes` are fields of section `server`; the others are whole sections:
    `tool_exposure` is section `exposure`, `oauth_provider` is field `provider` of section `oauth`.
    `more` takes sections of further plugins by name. docs/reference/configuration.md lists every
    field with its unit and default.
    """

    service_name: str | None = None
    environment: Literal["development", "production"] | None = None
    page_size: int | None = None
    mask_errors: bool | None = None
    local_scopes: tuple[str, ...] | None = None
    tools: ToolsSection | None = None
    tasks: TasksSection | None = None
    handles: HandlesSection | None = None
    tool_exposure: ToolExposureConfig | None = None
    stdio: StdioConfig | None = None
    http: HTTPConfig | None = None
    sse: SSEConfig | None = None
    streamable_http: StreamableHTTPConfig | None = None
    websocket: WebSocketConfig | None = None
    rate_limit: RateLimitConfig | None = None
    auth: BearerAuthConfig | None = None
    oauth: OAuthConfig | None = None
    oauth_provider: OAuthProvider | None = None
    resource_server: ResourceServerConfig | None = None
    cors: CORSConfig | None = None
    log: LogConfig | None = None
    telemetry: TelemetryConfig | None = None
    store: StoreConfig | None = None
    more: Mapping[str, object] = field(factory=dict[str, object])

    def sections(self) -> dict[str, object]:
        """The sections this sets, by name, as `ServerConfig.load` takes them."""
        server = {
            "service_name": self.service_name,
            "environment": self.environment,
            "page_size": self.page_size,
            "mask_errors": self.mask_errors,
            "local_scopes": self.local_scopes,
        }
        sections: dict[str, object | None] = {
            "server": {name: value for name, value in server.items() if value is not None} or None,
            "tools": self.tools,
            "tasks": self.tasks,
            "handles": self.handles,
            "exposure": self.tool_exposure,
            "stdio": self.stdio,
            "http": self.http,
            "sse": self.sse,
            "streamable_http": self.streamable_http,
            "websocket": self.websocket,
            "rate_limit": self.rate_limit,
            "auth": self.auth,
            "oauth": self._oauth(),
            "resource_server": self.resource_server,
            "cors": self.cors,
            "log": self.log,
            "telemetry": self.telemetry,
            "store": self.store,
            **self.more,
        }
        return {name: section for name, section in sections.items() if section is not None}

    def _oauth(self) -> OAuthConfig | None:
        """Section `oauth` with its provider. Raises `ConfigError` for a provider of nothing."""
        if self.oauth_provider is None:
            return self.oauth
        if self.oauth is None:
            raise ConfigError(
                "oauth_provider is given, but not what uses it: add "
                "oauth=OAuthConfig(enabled=True, issuer=…)"
            )
        return evolve(self.oauth, provider=self.oauth_provider)

    def server_config(
        self,
        host: PluginHost,
        *,
        toml: str | Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> ServerConfig:
        """The kernel's configuration for these settings, over environment and TOML.

        Raises `ConfigError` as `ServerConfig.load` does.
        """
        return ServerConfig.load(host, toml=toml, environ=environ, sections=self.sections())
