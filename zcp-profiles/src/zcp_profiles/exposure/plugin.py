"""Entry point `exposure`: hook implementations only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zcp_kernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.contracts import ExposureProfile


@hookimpl
def zcp_exposure_profiles(config: ServerConfig) -> list[ExposureProfile]:
    from . import EverythingProfile, SemanticWorkflowProfile

    return [EverythingProfile(), SemanticWorkflowProfile()]
