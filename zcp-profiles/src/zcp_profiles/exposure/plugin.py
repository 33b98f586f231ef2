"""Entry point `exposure`: hook implementations only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from zcp_kernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.contracts import ExposureProfile
    from zcp_kernel.registry import Registry


@hookimpl
def zcp_config_sections() -> Mapping[str, type]:
    from .section import BudgetSection

    return {"budget": BudgetSection}


@hookimpl(trylast=True)
def zcp_register(registry: Registry, config: ServerConfig) -> None:
    from .discovery import register

    register(registry)


@hookimpl
def zcp_exposure_profiles(config: ServerConfig) -> list[ExposureProfile]:
    from . import BudgetProfile, DiscoveryProfile, EverythingProfile, SemanticWorkflowProfile
    from .section import BudgetSection

    return [
        EverythingProfile(),
        SemanticWorkflowProfile(),
        DiscoveryProfile(),
        BudgetProfile(config.section(BudgetSection).tokens),
    ]
