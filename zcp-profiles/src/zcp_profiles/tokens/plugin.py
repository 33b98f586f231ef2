"""Entry point `tokens`: hook implementations only."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from zcp_kernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel


@hookimpl
def zcp_config_sections() -> Mapping[str, type]:
    from .section import TokensSection

    return {"tokens": TokensSection}


@hookimpl
def zcp_lifespan(kernel: Kernel) -> AbstractAsyncContextManager[None]:
    from .watching import watched

    return watched(kernel)
