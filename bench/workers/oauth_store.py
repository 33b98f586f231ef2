"""Files of an authorization server: made, filled, and looked up in.

`oauth_store fill FILE CLIENTS TOKENS` prints what its user is let in with; `oauth_store look FILE`
prints the microseconds a token's lookup takes; `oauth_store hash SECONDS` how many argon2 hashes
are checked in a second with all cores.
"""

import json
import os
import sqlite3
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from random import Random
from statistics import median

from argon2 import PasswordHasher
from zcp_auth_oauth.digests import ACCESS as ACCESS_PREFIX
from zcp_auth_oauth.digests import SESSION, digest_of, new_token
from zcp_auth_oauth.models import (
    AccessToken,
    BrowserSession,
    Consent,
    Grant,
    OAuthClient,
    User,
)
from zcp_auth_oauth.providers.sqlite.provider import SQLiteOAuthProvider
from zcp_auth_oauth.providers.sqlite.tables import ACCESS, CLIENTS, GRANTS

ISSUER, REDIRECT, PASSWORD = "http://127.0.0.1", "https://client.example/cb", "correct horse"
SCOPES = ("bench",)
AUDIENCE = (f"{ISSUER}/mcp",)
YEAR = 365 * 86_400.0
A_LOT = 50_000
LOOKUPS, LOTS = 1_000, 15


def fill(path: str, clients: int, tokens: int) -> dict[str, str]:
    """A user who is signed in and has consented, a token of theirs, and strangers' rows."""
    now = time.time()
    until = now + YEAR
    provider = SQLiteOAuthProvider(path)
    provider.add_user(User("u-bench", "bench", PasswordHasher().hash(PASSWORD), None))
    provider.add_client(OAuthClient("bench", redirect_uris=(REDIRECT,), origin="operator"))
    token, session = new_token(ACCESS_PREFIX), new_token(SESSION)
    grant = Grant("bench", "bench", "u-bench", now, until)
    access = AccessToken(
        digest_of(token), "bench", "bench", "u-bench", SCOPES, AUDIENCE, now, until
    )
    provider.save_tokens(access, None, grant)
    provider.save_session(BrowserSession(digest_of(session), "u-bench", "Bench", None, now, until))
    provider.save_consent(Consent("u-bench", "bench", REDIRECT, SCOPES, AUDIENCE, now, until))
    provider.close()
    _strangers(path, clients, tokens, now, until)
    return {"token": token, "session": session, "password": PASSWORD, "redirect": REDIRECT}


def _strangers(path: str, clients: int, tokens: int, now: float, until: float) -> None:
    """Every client has one grant, and its share of the tokens."""
    at = sqlite3.connect(path, isolation_level=None)
    at.execute("PRAGMA synchronous = OFF")
    at.execute("BEGIN")
    for number in range(clients):
        name = f"stranger-{number}"
        CLIENTS.insert(at, OAuthClient(name, name, (REDIRECT,), origin="dynamic"))
        GRANTS.insert(at, Grant(name, name, "u-stranger", now, until))
    for number in range(tokens):
        name = f"stranger-{number % clients}"
        row = AccessToken(_digest(number), name, name, "u-stranger", SCOPES, AUDIENCE, now, until)
        ACCESS.insert(at, row)
    at.execute("COMMIT")
    at.close()


def _digest(number: int) -> bytes:
    return sha256(b"token %d" % number).digest()


def look(path: str) -> float:
    """Microseconds for a lookup of any stranger's token: the median of lots, all of them warm."""
    provider = SQLiteOAuthProvider(path)
    at = sqlite3.connect(path)
    strangers = "SELECT count(*) FROM access_tokens WHERE client_id LIKE 'stranger-%'"
    (stored,) = at.execute(strangers).fetchone()
    at.close()
    chosen = Random(1)
    spent: list[float] = []
    for _ in range(LOTS):
        digests = [_digest(chosen.randrange(stored)) for _ in range(LOOKUPS)]
        begun = time.perf_counter()
        found = [provider.get_access(digest) for digest in digests]
        spent.append((time.perf_counter() - begun) / LOOKUPS * 1e6)
        if None in found:
            raise RuntimeError("a token was not found")
    provider.close()
    return median(spent)


def hashing(seconds: float) -> float:
    """Bare checks of a password a second, in as many threads as there are cores."""
    hasher = PasswordHasher()
    stored = hasher.hash(PASSWORD)
    ends = time.perf_counter() + seconds

    def check(_: int) -> int:
        done = 0
        while time.perf_counter() < ends:
            hasher.verify(stored, PASSWORD)
            done += 1
        return done

    begun = time.perf_counter()
    cores = os.cpu_count() or 1
    with ThreadPoolExecutor(cores) as pool:
        done = sum(pool.map(check, range(cores)))
    return done / (time.perf_counter() - begun)


match sys.argv[1:]:
    case ["fill", path, clients, tokens]:
        print(json.dumps(fill(path, int(clients), int(tokens))))
    case ["look", path]:
        print(json.dumps(look(path)))
    case ["hash", seconds]:
        print(json.dumps(hashing(float(seconds))))
