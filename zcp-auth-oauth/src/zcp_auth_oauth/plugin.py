"""Hook implementations of authorization; they import when called, so discovery is cheap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from zcp_kernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.contracts import Authenticator, Stage
    from zcp_kernel.runtime import Kernel

    from .service import Service

SECTIONS = ("oauth", "resource_server")


def _service(config: ServerConfig) -> Service | None:
    """Nothing of authorization is imported unless configuration enables it."""
    if not any(getattr(config.sections.get(name), "enabled", False) for name in SECTIONS):
        return None
    from .service import service_of

    return service_of(config)


@hookimpl
def zcp_config_sections() -> Mapping[str, type]:
    from .config import SECTIONS as CLASSES

    return dict(CLASSES)


@hookimpl
def zcp_commands(group: Any) -> None:
    from .cli import add_commands

    add_commands(group)


@hookimpl
def zcp_authenticators(config: ServerConfig) -> Sequence[Authenticator]:
    service = _service(config)
    return [] if service is None else [service.authenticator]


@hookimpl
def zcp_stages(config: ServerConfig) -> Sequence[Stage]:
    service = _service(config)
    if service is None:
        return []
    from .resource.watching import stage

    return [stage(service.liveness, service.running)]


@hookimpl
def zcp_asgi_mounts(kernel: Kernel) -> Mapping[str, Any]:
    service = _service(kernel.config)
    if service is None:
        return {}
    from .mounting import mounts

    return mounts(kernel, service)


@hookimpl
def zcp_lifespan(kernel: Kernel) -> AbstractAsyncContextManager[None]:
    service = _service(kernel.config)
    if service is None:
        return nullcontext()
    from .living import living

    return living(kernel, service)
