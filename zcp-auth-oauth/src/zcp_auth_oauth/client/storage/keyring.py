"""Logins in the system's keyring."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

import anyio
import anyio.to_thread
from platformdirs import user_runtime_path

from ..errors import OAuthError
from .filelock import locked

T = TypeVar("T")

SERVICE = "zcp"
LOCKS = 16


class KeyringTokenStorage:
    """A `TokenStorage` in the keyring of the system (macOS Keychain, Secret Service, …), by the
    library `keyring`: extra `keyring` of `zcp-auth-oauth`. Windows keeps at most 2,560 bytes for an
    entry, so logins with long tokens need a file there.

    Raises `OAuthError` if the library or a keyring is missing.
    """

    def __init__(self, service: str = SERVICE) -> None:
        try:
            self._keyring: Any = import_module("keyring")
        except ImportError:
            raise OAuthError(
                'the system\'s keyring needs a library: pip install "zcp-auth-oauth[keyring]"'
            ) from None
        self._service = service

    def __repr__(self) -> str:
        return f"KeyringTokenStorage({self._service!r})"

    async def get(self, key: str) -> str | None:
        return await self._run(lambda: self._keyring.get_password(self._service, key))

    async def set(self, key: str, text: str) -> None:
        await self._run(lambda: self._keyring.set_password(self._service, key, text))

    async def delete(self, key: str) -> bool:
        if await self.get(key) is None:
            return False
        await self._run(lambda: self._keyring.delete_password(self._service, key))
        return True

    async def keys(self) -> Sequence[str]:
        """None: keyrings do not tell."""
        return ()

    @asynccontextmanager
    async def exclusive(self, key: str) -> AsyncGenerator[None]:
        folder = anyio.Path(user_runtime_path("zcp"))
        await folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = sha256(f"{self._service} {key}".encode()).digest()[0] % LOCKS
        try:
            async with locked(Path(folder, f"keyring{number}.lock")):
                yield
        except TimeoutError:
            raise OAuthError("the keyring is in use by another process; try again") from None

    async def _run(self, function: Callable[[], T]) -> T:
        try:
            return await anyio.to_thread.run_sync(function)
        except self._keyring.errors.KeyringError as error:
            raise OAuthError(f"the keyring cannot be used: {type(error).__name__}") from error
