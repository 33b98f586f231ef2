"""Secrets are shared, and renewed without anybody being left behind."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from zcp_profiles.mcp.keyring import SecretKeyRing
from zcp_store_sqlite import Database
from zcp_store_sqlite.keys import RIPE_SECONDS, SQLiteKeyStore

pytestmark = pytest.mark.anyio
DAY = 86_400.0


class Clock:
    now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


async def test_processes_share_secrets_and_renew_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock)
    one, other = Database(tmp_path / "z.db"), Database(tmp_path / "z.db")
    try:
        mine, theirs = SQLiteKeyStore(one), SQLiteKeyStore(other)
        first = await mine.secrets()
        assert list(await theirs.secrets()) == list(first)
        ring, ring_there = SecretKeyRing(first), SecretKeyRing(await theirs.secrets())
        sealed = ring.seal(b"state", b"call")
        assert ring_there.unseal(sealed, b"call") == b"state"

        clock.now += DAY
        renewed = await mine.secrets()
        assert renewed[0] == first[0], "a new secret seals nothing before all know it"
        assert len(renewed) == 2
        clock.now += RIPE_SECONDS
        ripe = await mine.secrets()
        assert list(ripe) == [renewed[1], first[0]]
        ring.use(ripe)
        assert ring.unseal(sealed, b"call") == b"state"
        ring_there.use(renewed)
        assert ring_there.unseal(ring.seal(b"new", b"call"), b"call") == b"new"

        for _ in range(5):
            clock.now += DAY
            await mine.secrets()
        ring.use(await mine.secrets())
        assert ring.unseal(sealed, b"call") is None

        clock.now -= 10 * DAY
        before = await mine.secrets()
        assert list(await theirs.secrets()) == list(before)
    finally:
        one.close()
        other.close()
