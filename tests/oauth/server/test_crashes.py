"""kill -9 while users log in: no token without its row, no code usable twice, a clean file.

`ZCP_TEST_LOGINS` makes it longer.
"""

from __future__ import annotations

import os
import random
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

from oauth_crowd import REDIRECT, Crowd
from oauth_process import oauth_site
from server_process import free_port
from zcp_auth_oauth.digests import digest_of
from zcp_auth_oauth.models import OAuthClient
from zcp_auth_oauth.providers.sqlite.provider import SQLiteOAuthProvider

LOGINS = int(os.environ.get("ZCP_TEST_LOGINS", "24"))
STEPS = max(12, LOGINS // 25)
"""Most steps of the crowd, logins and exchanges, between one kill and the next."""


def lives(crowd: Crowd, folder: Path, port: int) -> int:
    """Run the crowd, and kill the server under it again and again; returns how often."""
    client = OAuthClient("web", client_name="Web", redirect_uris=(REDIRECT,))
    chance, kills = random.Random(9), 0
    running = threading.Thread(target=crowd.run)
    running.start()
    while running.is_alive():
        with oauth_site(folder, (client,), port=port, sign_in_attempts=10_000) as site:
            until = crowd.steps + chance.randint(1, STEPS)
            while running.is_alive() and crowd.steps < until:
                running.join(0.002)
            running.join(chance.uniform(0, 0.05))
            site.running.process.kill()
            kills += running.is_alive()
    return kills


def check_file(path: Path) -> None:
    """Whole, and nothing in it hangs in the air."""
    with closing(sqlite3.connect(path)) as at:
        assert at.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for table in ("codes", "access_tokens", "refresh_tokens"):
            orphans = "WHERE grant_id NOT IN (SELECT grant_id FROM grants)"
            found = at.execute(f"SELECT count(*) FROM {table} {orphans}").fetchone()
            assert found == (0,), table
        spent = at.execute("SELECT count(*) FROM codes WHERE consumed_at IS NOT NULL").fetchone()[0]
        issued = at.execute("SELECT count(*) FROM access_tokens").fetchone()[0]
        assert issued <= spent


def test_logins_survive_a_server_that_is_killed(tmp_path: Path) -> None:
    port = free_port()
    crowd = Crowd(f"http://127.0.0.1:{port}", LOGINS)
    kills = lives(crowd, tmp_path, port)
    database = tmp_path / "oauth.db"
    check_file(database)
    provider = SQLiteOAuthProvider(database)
    held = [(login, answer) for login in crowd.logins for answer in login.granted]
    for login, answer in held:
        access = provider.get_access(digest_of(answer["access_token"]))
        refresh = provider.get_refresh(digest_of(answer["refresh_token"]))
        assert access is not None, login
        assert refresh is not None, login
    provider.close()
    with oauth_site(tmp_path, port=port) as site:
        for login in crowd.logins:
            assert crowd.exchange(login).status == 400
            assert len(login.granted) <= 1
        assert "Traceback" not in site.running.errors
    again = sum(login.tries > 2 for login in crowd.logins)
    lost = sum(not login.granted for login in crowd.logins)
    print(
        f"\n{LOGINS} logins, {kills} kills, {crowd.cuts} requests cut or not taken; {len(held)} "
        f"hold tokens, {again} sent their code again in doubt, {lost} of them learned it was used"
    )
    assert kills > 0
    assert held
