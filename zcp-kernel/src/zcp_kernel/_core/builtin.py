"""The kernel's own plugin: its parts come in through the hooks that everybody else uses."""

from __future__ import annotations

from zcp_kernel.config import KERNEL_SECTIONS
from zcp_kernel.hookspecs import hookimpl

name = "kernel"


@hookimpl
def zcp_config_sections() -> dict[str, type]:
    return dict(KERNEL_SECTIONS)
