"""What keeps logins: the contract, and an encrypted file that is killed, cut and looked into."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from zcp_auth_oauth.client import (
    FileTokenStorage,
    KeyringTokenStorage,
    MemoryTokenStorage,
    OAuthError,
    TokenStorage,
)

pytestmark = pytest.mark.anyio


class KeyringError(Exception):
    """That of the library."""


class FakeKeyring:
    """What the library `keyring` is to us."""

    errors = SimpleNamespace(KeyringError=KeyringError)

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.entries.get((service, name))

    def set_password(self, service: str, name: str, text: str) -> None:
        if text == "too long":
            raise KeyringError("the entry: too long")
        self.entries[service, name] = text

    def delete_password(self, service: str, name: str) -> None:
        del self.entries[service, name]


@pytest.fixture(params=["memory", "file", "keyring"])
def storage(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> TokenStorage:
    if request.param == "memory":
        return MemoryTokenStorage()
    if request.param == "file":
        return FileTokenStorage(tmp_path / "deep" / "logins")
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setitem(sys.modules, "keyring", FakeKeyring())
    return KeyringTokenStorage()


async def test_the_contract(storage: TokenStorage) -> None:
    assert await storage.get("a") is None
    assert not await storage.delete("a")
    assert await storage.keys() == ()
    await storage.set("a", "secret text \u2713")
    await storage.set("b b", "x" * 20_000)
    await storage.set("a", "newer")
    assert await storage.get("a") == "newer"
    assert await storage.get("b b") == "x" * 20_000
    assert set(await storage.keys()) in ({"a", "b b"}, set())
    assert await storage.delete("a")
    assert await storage.get("a") is None
    assert "newer" not in repr(storage)


async def test_only_one_has_a_key_at_a_time(storage: TokenStorage) -> None:
    await storage.set("n", "0")

    async def count() -> None:
        async with storage.exclusive("n"):
            number = int(await storage.get("n") or "")
            await anyio.lowlevel.checkpoint()
            await storage.set("n", str(number + 1))

    async with anyio.create_task_group() as group:
        for _ in range(12):
            group.start_soon(count)
    assert await storage.get("n") == "12"


async def test_what_is_changed_at_once_is_all_there(tmp_path: Path) -> None:
    several = [FileTokenStorage(tmp_path / "logins") for _ in range(3)]
    async with anyio.create_task_group() as group:
        for number in range(24):
            group.start_soon(several[number % 3].set, f"k{number}", "v")
    assert len(await several[0].keys()) == 24


async def test_files_are_for_their_owner_and_encrypted(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        storage = FileTokenStorage(tmp_path / "home" / "logins", tmp_path / "keys" / "key")
        await storage.set("server", "the-secret")
    finally:
        os.umask(old)
    for file in (storage.path, storage.key_path):
        assert file.stat().st_mode & 0o777 == 0o600
        assert b"the-secret" not in file.read_bytes()
    assert storage.path.parent.stat().st_mode & 0o077 == 0
    assert "key" not in repr(storage.key_path.read_bytes())
    before = storage.path.read_bytes()
    await storage.set("server", "the-secret")
    assert storage.path.read_bytes() != before, "each time another nonce"


@pytest.mark.parametrize("what", ["flip", "cut", "empty", "other key", "short key", "no key"])
async def test_a_file_that_cannot_be_opened_is_left_alone(tmp_path: Path, what: str) -> None:
    storage = FileTokenStorage(tmp_path / "logins")
    await storage.set("a", "b")
    sealed = storage.path.read_bytes()
    match what:
        case "flip":
            storage.path.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
        case "cut":
            storage.path.write_bytes(sealed[:25])
        case "empty":
            storage.path.write_bytes(b"")
        case "other key":
            storage.key_path.write_bytes(bytes(32))
        case "short key":
            storage.key_path.write_bytes(b"x")
        case _:
            storage.key_path.unlink()
    left = storage.path.read_bytes()
    with pytest.raises(OAuthError, match="key"):
        await storage.get("a")
    with pytest.raises(OAuthError):
        await storage.set("a", "c")
    assert storage.path.read_bytes() == left


WRITER = """
import anyio, sys
from zcp_auth_oauth.client import FileTokenStorage

async def main():
    storage = FileTokenStorage(sys.argv[1])
    for number in range(100_000):
        await storage.set("n", str(number) * 1000)
        print(number, flush=True)

anyio.run(main)
"""


async def opened_after_a_kill(path: Path) -> None:
    storage = FileTokenStorage(path)
    text = await storage.get("n") or ""
    assert text
    assert len(text) % 1000 == 0
    async with storage.exclusive("n"):
        await storage.set("other", "its lock is free")


def test_a_writer_that_is_killed_leaves_a_file_that_opens(tmp_path: Path) -> None:
    for wait in (0.0, 0.01, 0.03):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path / "logins")], stdout=subprocess.PIPE
        ) as writer:
            assert writer.stdout is not None
            for _ in range(5):
                writer.stdout.readline()
            time.sleep(wait)
            writer.send_signal(signal.SIGKILL)
        anyio.run(opened_after_a_kill, tmp_path / "logins")


async def test_a_place_that_cannot_be_used_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", "utf-8")
    storage = FileTokenStorage(tmp_path / "file" / "logins")
    with pytest.raises(OAuthError, match="cannot be used"):
        await storage.set("a", "b")
    folder = FileTokenStorage(tmp_path)
    with pytest.raises(OAuthError, match="cannot be used"):
        await folder.get("a")


async def test_a_keyring_that_fails_or_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "keyring", FakeKeyring())
    with pytest.raises(OAuthError, match="KeyringError") as failure:
        await KeyringTokenStorage().set("a", "too long")
    assert "too long" not in str(failure.value)
    monkeypatch.setitem(sys.modules, "keyring", None)
    with pytest.raises(OAuthError, match="pip install"):
        KeyringTokenStorage()


def test_where_logins_are_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from zcp_auth_oauth.logins import default_storage, stored_authorizer

    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.delenv("ZCP_CREDENTIALS", raising=False)
    kept: Any = default_storage()
    assert isinstance(kept, FileTokenStorage)
    assert stored_authorizer("https://a.example/mcp") is None
    monkeypatch.setenv("ZCP_CREDENTIALS", str(tmp_path / "here"))
    monkeypatch.setenv("ZCP_CREDENTIALS_KEY", str(tmp_path / "there"))
    kept = default_storage()
    assert (kept.path, kept.key_path) == (tmp_path / "here", tmp_path / "there")
    (tmp_path / "here").write_bytes(b"")
    assert stored_authorizer("https://a.example/mcp") is not None
    monkeypatch.setitem(sys.modules, "keyring", FakeKeyring())
    monkeypatch.setenv("ZCP_CREDENTIALS", "keyring")
    assert isinstance(default_storage(), KeyringTokenStorage)
