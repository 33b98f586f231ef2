"""Hook implementations of the HTTP transport; they import when called, so discovery is cheap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from zcp_kernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.contracts import Authenticator, Stage, Transport


@hookimpl
def zcp_config_sections() -> Mapping[str, type]:
    from .config import SECTIONS

    return dict(SECTIONS)


@hookimpl
def zcp_transports() -> Sequence[Transport]:
    from .client.transport import SSETransport, StreamableHTTPTransport

    return [StreamableHTTPTransport(), SSETransport()]


@hookimpl
def zcp_authenticators(config: ServerConfig) -> Sequence[Authenticator]:
    from .config import BearerAuthConfig

    settings = config.section(BearerAuthConfig)
    if settings.token is None:
        return []
    from .guard.bearer import StaticBearer

    return [StaticBearer(settings)]


@hookimpl
def zcp_stages(config: ServerConfig) -> Sequence[Stage]:
    from .observing import stages

    return stages(config)
