"""Every hook, typed, in the three phases that call it.

All hooks are synchronous and hand over named objects; two of one name is an error. A plugin is a
module or object named by an entry point of group `zcp`; it implements the hooks it needs with
`@hookimpl`. See docs/reference/hooks.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import pluggy

from .contracts import (
    Authenticator,
    Dialect,
    ExposureProfile,
    Operation,
    Stage,
    Transport,
)

if TYPE_CHECKING:
    from .config import ServerConfig
    from .registry import Registry
    from .runtime import Kernel

hookspec = pluggy.HookspecMarker("zcp")
hookimpl = pluggy.HookimplMarker("zcp")

ENTRY_POINT_GROUP = "zcp"

HOST, COMPOSE, RUN = "host", "compose", "run"

# -- host: no app yet -----------------------------------------------------------------------------


@hookspec
def zcp_config_sections() -> Mapping[str, type]:  # type: ignore[empty-body]
    """Configuration sections: name -> attrs class; environment and TOML are decoded with it."""


@hookspec
def zcp_transports() -> Sequence[Transport]:  # type: ignore[empty-body]
    """Client transports, found by the URL schemes they name."""


@hookspec
def zcp_commands(group: Any) -> None:
    """Add commands to the `zcp` command line (`group` is a `click.Group`)."""


# -- compose: once per app and configuration ------------------------------------------------------


@hookspec
def zcp_register(registry: Registry, config: ServerConfig) -> None:
    """Add tools, resources, prompts, completions and task kinds to this composition."""


@hookspec
def zcp_dialects(config: ServerConfig) -> Sequence[Dialect]:  # type: ignore[empty-body]
    """Protocol families this server speaks."""


@hookspec
def zcp_operations(config: ServerConfig) -> Sequence[Operation]:  # type: ignore[empty-body]
    """Further operations, such as those of a protocol extension."""


@hookspec
def zcp_stages(config: ServerConfig) -> Sequence[Stage]:  # type: ignore[empty-body]
    """What stands around operations."""


@hookspec
def zcp_authenticators(config: ServerConfig) -> Sequence[Authenticator]:  # type: ignore[empty-body]
    """Ways to verify a caller; one takes effect only when configuration names it."""


@hookspec
def zcp_exposure_profiles(config: ServerConfig) -> Sequence[ExposureProfile]:  # type: ignore[empty-body]
    """Named selections of tools."""


@hookspec
def zcp_stores(config: ServerConfig) -> Sequence[Any]:  # type: ignore[empty-body]
    """Task, handle and other stores; one takes effect only when configuration names it."""


# -- run -------------------------------------------------------------------------------------------


@hookspec
def zcp_asgi_mounts(kernel: Kernel) -> Mapping[str, Any]:  # type: ignore[empty-body]
    """Path -> ASGI application to serve beside the protocol endpoints."""


@hookspec
def zcp_lifespan(kernel: Kernel) -> AbstractAsyncContextManager[None]:  # type: ignore[empty-body]
    """Entered when the server starts, left when it stops."""


PHASES: dict[str, tuple[str, ...]] = {
    HOST: ("zcp_config_sections", "zcp_transports", "zcp_commands"),
    COMPOSE: (
        "zcp_register",
        "zcp_dialects",
        "zcp_operations",
        "zcp_stages",
        "zcp_authenticators",
        "zcp_exposure_profiles",
        "zcp_stores",
    ),
    RUN: ("zcp_asgi_mounts", "zcp_lifespan"),
}
