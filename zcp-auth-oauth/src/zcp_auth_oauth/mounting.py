"""What is served beside the protocol endpoints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve

from .pages.flow import Flow
from .resource.metadata import WELL_KNOWN
from .server.authorizing import Authorizing
from .server.core import Core
from .server.site import Site
from .surroundings import title_of

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel

    from .service import Service


def mounts(kernel: Kernel, service: Service) -> dict[str, Any]:
    """Path -> ASGI application."""
    service.registry_of = kernel
    title = title_of(kernel)
    found: dict[str, Any] = {WELL_KNOWN: evolve(service.metadata, name=title)}
    if service.settings.enabled:
        core = Core(service.parts)
        flow = Flow(
            service.parts, Authorizing(core), service.sign_in(), service.core_threads, title
        )
        found |= Site(core, flow, service.core_threads).mounts()
    return found
