"""Hook implementations only: finding this plugin imports none of its parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zcp_kernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zcp_kernel.config import ServerConfig
    from zcp_kernel.contracts import ExposureProfile, Operation, Stage, TaskStore, Transport
    from zcp_kernel.registry import Registry


@hookimpl
def zcp_config_sections() -> Mapping[str, type]:
    from .settings import AcmeSection

    return {"acme": AcmeSection}


@hookimpl
def zcp_transports() -> Sequence[Transport]:
    from .transport import AcmeTransport

    return [AcmeTransport()]


@hookimpl
def zcp_register(registry: Registry, config: ServerConfig) -> None:
    from .settings import AcmeSection
    from .tools import add_tools

    add_tools(registry, config.section(AcmeSection))


@hookimpl
def zcp_operations() -> Sequence[Operation]:
    from .operations import ECHO

    return [ECHO]


@hookimpl
def zcp_stages() -> Sequence[Stage]:
    from .stages import stamp_stage

    return [stamp_stage()]


@hookimpl
def zcp_exposure_profiles() -> Sequence[ExposureProfile]:
    from .profiles import AcmeOnly

    return [AcmeOnly()]


@hookimpl
def zcp_stores() -> Sequence[TaskStore]:
    from .task_store import AcmeTaskStore

    return [AcmeTaskStore()]
