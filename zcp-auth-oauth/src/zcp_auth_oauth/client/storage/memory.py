"""Logins that end with the process."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import anyio


class MemoryTokenStorage:
    """A `TokenStorage` in memory; several clients of a process may share one."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._locks: dict[str, anyio.Lock] = {}

    def __repr__(self) -> str:
        return f"MemoryTokenStorage({len(self._texts)} entries)"

    async def get(self, key: str) -> str | None:
        return self._texts.get(key)

    async def set(self, key: str, text: str) -> None:
        self._texts[key] = text

    async def delete(self, key: str) -> bool:
        return self._texts.pop(key, None) is not None

    async def keys(self) -> Sequence[str]:
        return tuple(self._texts)

    @asynccontextmanager
    async def exclusive(self, key: str) -> AsyncGenerator[None]:
        async with self._locks.setdefault(key, anyio.Lock()):
            yield
