"""Hook implementations of the stdio transport; they import when called, so discovery is cheap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from zcp_kernel.hookspecs import hookimpl

if TYPE_CHECKING:
    from zcp_kernel.contracts import Transport


@hookimpl
def zcp_config_sections() -> Mapping[str, type]:
    from .config import StdioConfig

    return {"stdio": StdioConfig}


@hookimpl
def zcp_transports() -> Sequence[Transport]:
    from .process import SubprocessTransport

    return [SubprocessTransport()]
