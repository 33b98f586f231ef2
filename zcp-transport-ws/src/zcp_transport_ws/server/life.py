"""Sockets end with their server."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio

from .sockets import sockets_of

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel


@asynccontextmanager
async def closing_at_the_end(kernel: Kernel) -> AsyncGenerator[None]:
    """Leaving closes every socket of this kernel with 1001."""
    try:
        yield
    finally:
        with anyio.CancelScope(shield=True):
            await sockets_of(kernel).aclose()
