"""The secrets of a key ring that shares them with other processes."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import anyio

from ...contracts import REFRESH_SECONDS, KeyStore

if TYPE_CHECKING:
    from ..kernel import Kernel

logger = logging.getLogger("zcp")


class SharedKeys:
    """Gives the kernel's key ring what a configured `KeyStore` holds, and keeps it up to date."""

    def __init__(self, kernel: Kernel) -> None:
        self._store: KeyStore | None = kernel.stores.shared(KeyStore)
        self._use: Any = getattr(kernel.keys, "use", None)
        given = kernel.config.section("keys").secrets
        self.wanted = self._store is not None and self._use is not None and not given

    async def load(self) -> None:
        """Raises what the store raises."""
        assert self._store is not None
        self._use(await self._store.secrets())

    async def keep(self) -> None:
        """Until cancelled."""
        while True:
            await anyio.sleep(REFRESH_SECONDS)
            try:
                await self.load()
            except Exception:
                logger.exception("shared secrets could not be renewed; trying again")
