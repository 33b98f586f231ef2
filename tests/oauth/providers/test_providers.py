"""Both providers pass the contract suite; SQLite has rules of its own."""

from __future__ import annotations

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier

import pytest
from zcp_auth_oauth.digests import digest_of
from zcp_auth_oauth.providers.contract import OAuthProvider
from zcp_auth_oauth.providers.memory import InMemoryOAuthProvider
from zcp_auth_oauth.providers.sqlite.provider import SQLiteOAuthProvider
from zcp_auth_oauth.testing import OAuthProviderContract, samples
from zcp_kernel.errors import ConfigError


class TestMemory(OAuthProviderContract):
    @pytest.fixture
    def provider(self) -> OAuthProvider:
        return InMemoryOAuthProvider()


class TestSQLite(OAuthProviderContract):
    @pytest.fixture
    def provider(self, tmp_path: Path) -> Generator[OAuthProvider, None, None]:
        provider = SQLiteOAuthProvider(tmp_path / "oauth.db")
        provider.open()
        yield provider
        provider.close()


# -- one file ----------------------------------------------------------------------------------


def test_two_providers_on_one_file_take_a_code_once(tmp_path: Path) -> None:
    pair = [SQLiteOAuthProvider(tmp_path / "oauth.db") for _ in range(2)]
    pair[0].save_code(samples.grant(), samples.code())
    with ThreadPoolExecutor(16) as pool:
        calls = [
            pool.submit(pair[n % 2].consume_code, samples.code().digest, "c1", samples.NOW)
            for n in range(16)
        ]
        outcomes = sorted(call.result().outcome for call in calls)
    assert outcomes == ["accepted"] + ["replayed"] * 15
    assert [len(each.revocations_after(0)) for each in pair] == [1, 1]
    for each in pair:
        each.close()


def test_the_file_is_its_owners_and_holds_digests_only(tmp_path: Path) -> None:
    path = tmp_path / "oauth.db"
    provider = SQLiteOAuthProvider(path)
    provider.add_client(samples.client())
    provider.save_tokens(samples.access("the token"), samples.refresh("another"), samples.grant())
    provider.close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    for secret in (b"the token", b"another", b"secret"):
        assert secret not in kept.replace(b"client_secret", b"").replace(b"secret_", b"")


def test_a_file_of_a_later_release_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "oauth.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 1000")
    with pytest.raises(ConfigError, match="later release"):
        SQLiteOAuthProvider(path).open()


def test_one_write_that_fails_does_not_take_others_along(tmp_path: Path) -> None:
    provider = SQLiteOAuthProvider(tmp_path / "oauth.db")
    provider.add_user(samples.user())

    def add(name: str) -> bool:
        try:
            provider.add_user(samples.user(name))
        except ValueError:
            return False
        return True

    names = [name for n in range(20) for name in (f"user{n}", "alice")]
    with ThreadPoolExecutor(16) as pool:
        added = list(pool.map(add, names))
    assert sum(added) == 20
    assert len(provider.list_users()) == 21
    provider.close()


def test_many_open_a_new_file_at_once(tmp_path: Path) -> None:
    """SQLite refuses, without waiting, whoever changes the mode of a file while another does."""
    barrier = Barrier(8)

    def opened(path: Path) -> None:
        provider = SQLiteOAuthProvider(path)
        barrier.wait(30)
        provider.open()
        provider.close()

    with ThreadPoolExecutor(8) as pool:
        for n in range(30):
            for done in [pool.submit(opened, tmp_path / f"{n}.db") for _ in range(8)]:
                done.result()


LOGINS = """
import sys, time
from zcp_auth_oauth.digests import digest_of
from zcp_auth_oauth.providers.sqlite.provider import SQLiteOAuthProvider
from zcp_auth_oauth.testing import samples

provider = SQLiteOAuthProvider(sys.argv[1])
for n in range(100_000):
    grant = f"{sys.argv[2]}-{n}"
    code = samples.code(f"code {grant}", grant_id=grant)
    provider.save_code(samples.grant(grant), code)
    assert provider.consume_code(code.digest, "c1", samples.NOW).outcome == "accepted"
    tokens = samples.access(grant, grant_id=grant), samples.refresh(grant, grant_id=grant)
    assert provider.save_tokens(*tokens)
    print(grant, flush=True)
"""


@pytest.mark.parametrize("logins", [1, 7, 40])
def test_killed_at_any_point_nothing_is_lost_that_was_told(tmp_path: Path, logins: int) -> None:
    """Two writers, killed in the middle: every token that was given out has its row, no code can be
    used twice, and the file opens clean."""
    path = tmp_path / "oauth.db"
    command = [sys.executable, "-c", LOGINS, str(path)]
    writers = [
        subprocess.Popen([*command, name], stdout=subprocess.PIPE, encoding="utf-8")
        for name in ("a", "b")
    ]
    told: list[str] = []
    for each in writers:
        assert each.stdout is not None
        told += [each.stdout.readline().strip() for _ in range(logins)]
    for each in writers:
        each.kill()
        assert each.stdout is not None
        told += [line.strip() for line in each.stdout if line.endswith("\n")]
        each.stdout.close()
        each.wait()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    provider = SQLiteOAuthProvider(path)
    assert len(told) >= 2 * logins
    for grant in told:
        assert provider.get_access(digest_of(grant)) is not None
        assert provider.get_refresh(digest_of(grant)) is not None
        again = provider.consume_code(digest_of(f"code {grant}"), "c1", samples.NOW)
        assert again.outcome == "replayed"
    provider.close()
