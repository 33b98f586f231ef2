"""Things that are closed: by `aclose()`, or by leaving their `async with`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self

import anyio


class Closing(ABC):
    """Leaving `async with` closes it to the end, also where the leaving itself is cancelled."""

    @abstractmethod
    async def aclose(self) -> None:
        """End it, and wait until it has ended. Idempotent."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with anyio.CancelScope(shield=True):
            await self.aclose()
