"""What is done to the tables within one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from ...models import AccessToken, AuthorizationCode, CodeUse, Grant, RefreshToken, Rotation
from .tables import ACCESS, CODES, GRANTS, REFRESH

LIVE_GRANT = (
    "NOT EXISTS (SELECT 1 FROM grants g WHERE g.grant_id = {0}.grant_id "
    "AND g.revoked_at IS NOT NULL) AND EXISTS (SELECT 1 FROM grants g "
    "WHERE g.grant_id = {0}.grant_id)"
)
LIVE_ACCESS = f"digest = ? AND {LIVE_GRANT.format('access_tokens')}"
LIVE_REFRESH = f"digest = ? AND {LIVE_GRANT.format('refresh_tokens')}"


def revoke_grant(at: sqlite3.Connection, grant_id: str, now: float) -> bool:
    """Whether it was not revoked before."""
    changed = at.execute(
        "UPDATE grants SET revoked_at = ? WHERE grant_id = ? AND revoked_at IS NULL",
        (now, grant_id),
    ).rowcount
    if changed:
        at.execute("INSERT INTO revocations (grant_id, at) VALUES (?, ?)", (grant_id, now))
    return bool(changed)


def revoke_all(at: sqlite3.Connection, rows: Iterable[tuple[str]], now: float) -> int:
    return sum(revoke_grant(at, grant_id, now) for (grant_id,) in list(rows))


def revoke_access(at: sqlite3.Connection, digest: bytes, now: float) -> bool:
    gone = at.execute("DELETE FROM access_tokens WHERE digest = ?", (digest,)).rowcount
    if gone:
        at.execute("INSERT INTO revocations (digest, at) VALUES (?, ?)", (digest, now))
    return bool(gone)


def consume_code(at: sqlite3.Connection, digest: bytes, client_id: str, now: float) -> CodeUse:
    row = at.execute(
        f"SELECT {CODES.columns}, consumed_at FROM codes WHERE digest = ? AND client_id = ?",
        (digest, client_id),
    ).fetchone()
    if row is None:
        return CodeUse("unknown")
    code: AuthorizationCode = CODES.read(row)
    if row[-1] is not None:
        revoke_grant(at, code.grant_id, now)
        return CodeUse("replayed")
    if code.expires_at <= now:
        return CodeUse("expired")
    at.execute("UPDATE codes SET consumed_at = ? WHERE digest = ?", (now, digest))
    return CodeUse("accepted", code)


def grant_lives(at: sqlite3.Connection, grant_id: str) -> bool:
    found = GRANTS.one(at, "grant_id = ?", grant_id)
    return found is not None and found.revoked_at is None


def save_tokens(
    at: sqlite3.Connection, access: AccessToken, refresh: RefreshToken | None, grant: Grant | None
) -> bool:
    if grant is not None:
        GRANTS.insert(at, grant)
    elif not grant_lives(at, access.grant_id):
        return False
    ACCESS.insert(at, access)
    if refresh is not None:
        REFRESH.insert(at, refresh)
    return True


def rotate(
    at: sqlite3.Connection,
    digest: bytes,
    successor: RefreshToken,
    access: AccessToken,
    salt: bytes,
    now: float,
    grace: float,
) -> Rotation:
    found = REFRESH.one(at, LIVE_REFRESH, digest)
    if found is None or found.client_id != successor.client_id:
        return Rotation("unknown")
    if found.expires_at <= now:
        return Rotation("expired")
    if found.used_at is None:
        at.execute(
            "UPDATE refresh_tokens SET used_at = ?, salt = ?, successor = ? WHERE digest = ?",
            (now, salt, successor.digest, digest),
        )
        save_tokens(at, access, successor, None)
        at.execute(
            "UPDATE grants SET expires_at = max(expires_at, ?) WHERE grant_id = ?",
            (successor.expires_at, found.grant_id),
        )
        return Rotation("rotated", salt)
    if now - found.used_at <= grace and _unused_successor(at, digest):
        save_tokens(at, access, None, None)
        return Rotation("graced", found.salt)
    revoke_grant(at, found.grant_id, now)
    return Rotation("replayed")


def _unused_successor(at: sqlite3.Connection, digest: bytes) -> bool:
    row = at.execute(
        "SELECT 1 FROM refresh_tokens old JOIN refresh_tokens new ON new.digest = old.successor "
        "WHERE old.digest = ? AND new.used_at IS NULL",
        (digest,),
    ).fetchone()
    return row is not None


_UNUSED = (
    "origin = 'dynamic' AND NOT EXISTS (SELECT 1 FROM grants g WHERE g.client_id = c.client_id) "
    "AND NOT EXISTS (SELECT 1 FROM consents s WHERE s.client_id = c.client_id)"
)
UNUSED_CLIENTS = f"SELECT client_id FROM clients c WHERE created_at <= ? AND {_UNUSED} LIMIT ?"
"""Goes through all clients: for a reader, which keeps nobody from writing."""


def forget_clients(at: sqlite3.Connection, unused: Iterable[tuple[str]]) -> int:
    """Remove those that are still unused."""
    sql = f"DELETE FROM clients AS c WHERE client_id = ? AND {_UNUSED}"
    return sum(at.execute(sql, row).rowcount for row in unused)


EXPIRING = (
    ("codes", "expires_at", 86_400.0),
    ("access_tokens", "expires_at", 0.0),
    ("refresh_tokens", "expires_at", 0.0),
    ("grants", "expires_at", 86_400.0),
    ("sessions", "expires_at", 0.0),
    ("consents", "expires_at", 0.0),
    ("seen", "expires_at", 0.0),
    ("signing_keys", "expires_at", 0.0),
    ("revocations", "at", 86_400.0),
)
"""Table, the column that ends a row, and how many seconds it is kept after that: a code is
remembered for a day, so that its replay still revokes what it issued."""

_KEYS = {
    "codes": "digest", "access_tokens": "digest", "refresh_tokens": "digest",
    "grants": "grant_id", "sessions": "digest", "signing_keys": "kid", "revocations": "number",
    "consents": "subject, client_id, redirect_uri", "seen": "kind, digest",
}  # fmt: skip


def expire(at: sqlite3.Connection, table: str, column: str, before: float, limit: int) -> int:
    key = _KEYS[table]
    return at.execute(
        f"DELETE FROM {table} WHERE ({key}) IN "
        f"(SELECT {key} FROM {table} WHERE {column} <= ? LIMIT ?)",
        (before, limit),
    ).rowcount
