"""What runs in the background while a server with authorization does."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel

from .resource.watching import following

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel

    from .service import Service

LOGGER = logging.getLogger("zcp.oauth")
EXPIRY_SECONDS = 30.0
FORGETTING_SECONDS = 3600.0
BATCH = 1000


@asynccontextmanager
async def living(kernel: Kernel, service: Service) -> AsyncGenerator[None, None]:
    """Open the provider, follow revocations, remove what has expired; until the server stops."""
    kernel.introduce_issuer(service.auth_profile)
    await service.core_threads.run(service.provider.open)
    try:
        async with (
            following(kernel, service.liveness, service.running, service.lookups),
            anyio.create_task_group() as group,
        ):
            group.start_soon(_expire, service)
            yield
            group.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await service.core_threads.run(service.provider.close)


async def _expire(service: Service) -> None:
    provider, threads = service.provider, service.core_threads
    forgetting = time.monotonic()
    while True:
        await anyio.sleep(EXPIRY_SECONDS)
        try:
            while await threads.run(provider.expire, time.time(), BATCH):
                await anyio.lowlevel.checkpoint()
            unused = service.settings.unused_client_seconds
            if unused and time.monotonic() >= forgetting:
                forgetting = time.monotonic() + FORGETTING_SECONDS
                while await threads.run(provider.forget_clients, time.time() - unused, BATCH):
                    await anyio.lowlevel.checkpoint()
        except Exception:
            LOGGER.exception("cannot remove what has expired; trying again in a while")
