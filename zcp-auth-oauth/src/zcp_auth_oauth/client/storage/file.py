"""Logins in an encrypted file.

Rules of this file:
- The file is written anew each time and put in the place of the old one: a crash leaves one or the
  other, never half of one.
- Both files can be read by their owner alone, whatever the umask says, from the moment they exist.
- What cannot be opened is never overwritten: it may be the user's only copy.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import anyio.to_thread
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ...shapes import members_of
from ..errors import OAuthError
from ..finishing import finished
from .filelock import locked

T = TypeVar("T")

MAGIC = b"zcp credentials 1\n"
KEY_BYTES, NONCE_BYTES = 32, 12
OURS_ALONE = 0o600
LOCKS = 16


class FileTokenStorage:
    """A `TokenStorage` in a file, encrypted (AES-256-GCM) with a key in another: `key_path`, by
    default beside it with the suffix `.key`. Both are made when something is first kept. Several
    processes may use one file."""

    def __init__(self, path: str | Path, key_path: str | Path | None = None) -> None:
        self.path = Path(path)
        self.key_path = self.path.with_suffix(".key") if key_path is None else Path(key_path)

    def __repr__(self) -> str:
        return f"FileTokenStorage({str(self.path)!r})"

    async def get(self, key: str) -> str | None:
        return (await self._run(self._read)).get(key)

    async def set(self, key: str, text: str) -> None:
        await self._change({key: text})

    async def delete(self, key: str) -> bool:
        if key not in await self._run(self._read):
            return False
        return await self._change({key: None})

    async def keys(self) -> Sequence[str]:
        return tuple(await self._run(self._read))

    @asynccontextmanager
    async def exclusive(self, key: str) -> AsyncGenerator[None]:
        number = sha256(key.encode()).digest()[0] % LOCKS
        async with self._locked(f".lock{number}"):
            yield

    # -- the file ----------------------------------------------------------------------------------

    @asynccontextmanager
    async def _locked(self, suffix: str) -> AsyncGenerator[None]:
        await self._run(self._make_folder)
        try:
            async with locked(self.path.with_suffix(suffix)):
                yield
        except TimeoutError:
            raise OAuthError(f"{self.path} is in use by another process; try again") from None
        except PermissionError as error:
            raise OAuthError(f"{self.path} cannot be used: {error.strerror}") from None

    async def _change(self, changes: dict[str, str | None]) -> bool:
        def change() -> bool:
            texts = self._read()
            before = len(texts)
            merged = {**texts, **changes}
            kept = {key: text for key, text in merged.items() if text is not None}
            self._write(kept)
            return len(kept) < before

        found: list[bool] = []
        async with self._locked(".lock"):
            # A change that was begun is finished: a rotated token must not be lost.
            found.append(await finished(lambda: self._run(change)))
        return found[0]

    async def _run(self, function: Callable[[], T]) -> T:
        try:
            return await anyio.to_thread.run_sync(function)
        except OSError as error:
            raise OAuthError(f"{self.path} cannot be used: {error.strerror or error}") from error

    def _make_folder(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)

    def _read(self) -> dict[str, str]:
        try:
            sealed = self.path.read_bytes()
        except FileNotFoundError:
            return {}
        nonce, data = sealed[len(MAGIC) : len(MAGIC) + NONCE_BYTES], sealed[len(MAGIC) :]
        try:
            if not sealed.startswith(MAGIC):
                raise ValueError
            plain = AESGCM(self._key()).decrypt(nonce, data[NONCE_BYTES:], MAGIC)
            texts = members_of(json.loads(plain))
        except (InvalidTag, ValueError):
            raise OAuthError(
                f"{self.path} cannot be opened with the key in {self.key_path}: it was changed, or "
                "made with another key. Put the key back, or remove the file and log in again"
            ) from None
        return {key: str(text) for key, text in texts.items()}

    def _write(self, texts: dict[str, str]) -> None:
        key = self._key(make=True)
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = AESGCM(key).encrypt(nonce, json.dumps(texts).encode(), MAGIC)
        _replace(self.path, MAGIC + nonce + sealed)

    def _key(self, *, make: bool = False) -> bytes:
        with suppress(FileNotFoundError):
            key = self.key_path.read_bytes()
            if len(key) != KEY_BYTES:
                raise OAuthError(f"{self.key_path} holds no key of {KEY_BYTES} bytes")
            return key
        if not make or self.path.exists():
            raise OAuthError(
                f"{self.path} cannot be opened: its key, {self.key_path}, is missing. Put the key "
                "back, or remove the file and log in again"
            )
        self.key_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _replace(self.key_path, secrets.token_bytes(KEY_BYTES))
        return self.key_path.read_bytes()


def _replace(path: Path, data: bytes) -> None:
    """Put `data` at `path`, as a whole, for its owner alone."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    file = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OURS_ALONE)
    try:
        with os.fdopen(file, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        os.replace(beside, path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
