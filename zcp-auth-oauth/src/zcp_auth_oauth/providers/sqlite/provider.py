"""`SQLiteOAuthProvider`: everything in one file, for one machine."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar

from zcp_kernel.errors import LimitReached

from ...models import (
    AccessToken,
    AuthorizationCode,
    BrowserSession,
    CodeUse,
    Consent,
    Grant,
    OAuthClient,
    RefreshToken,
    Revocation,
    Rotation,
    SigningKey,
    User,
)
from . import statements as do
from .opening import connected
from .schema import migrate
from .tables import ACCESS, CLIENTS, CODES, CONSENTS, GRANTS, KEYS, REFRESH, SESSIONS, USERS
from .writer import Readers, Writer

T = TypeVar("T")


class SQLiteOAuthProvider:
    """Keeps the state of an authorization server in one SQLite file (WAL).

    Several processes of one machine may share the file. It is opened when the server starts, made
    if it is not there, readable by its owner alone. `synchronous="NORMAL"` survives the end of the
    process at any point; "FULL" also the end of the machine, at the price of a disk flush a commit.
    """

    name = "sqlite"

    def __init__(
        self, path: str | os.PathLike[str], *, synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
    ) -> None:
        self.path = Path(path)
        if synchronous not in ("NORMAL", "FULL"):
            raise ValueError(f"synchronous is 'NORMAL' or 'FULL', not {synchronous!r}")
        self._synchronous = synchronous
        self._lock = threading.Lock()
        self._writer: Writer | None = None
        self._readers: Readers | None = None

    def __repr__(self) -> str:
        return f"SQLiteOAuthProvider({str(self.path)!r})"

    # -- life --------------------------------------------------------------------------------------

    def open(self) -> None:
        self._opened()

    def close(self) -> None:
        with self._lock:
            writer, readers = self._writer, self._readers
            self._writer = self._readers = None
        if writer is not None:
            writer.close()
        if readers is not None:
            readers.close()

    def _opened(self) -> tuple[Writer, Readers]:
        with self._lock:
            if self._writer is None or self._readers is None:
                if not self.path.exists():
                    os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
                connection = self._connect()
                try:
                    migrate(connection, str(self.path))
                finally:
                    connection.close()
                self._writer, self._readers = Writer(self._connect()), Readers(self._connect)
            return self._writer, self._readers

    def _connect(self) -> sqlite3.Connection:
        return connected(self.path, self._synchronous)

    def _write(self, work: Callable[..., T], *values: Any) -> T:
        writer, _ = self._opened()
        return writer.run(lambda connection: work(connection, *values))

    def _read(self, work: Callable[..., T], *values: Any) -> T:
        _, readers = self._opened()
        with readers.connection() as connection:
            return work(connection, *values)

    # -- clients -----------------------------------------------------------------------------------

    def add_client(self, client: OAuthClient, *, most: int | None = None) -> None:
        def add(at: sqlite3.Connection) -> None:
            row = at.execute(
                "SELECT count FROM client_counts WHERE origin = ?", (client.origin,)
            ).fetchone()
            if most is not None and row is not None and row[0] >= most:
                raise LimitReached(f"there are {most} clients of origin {client.origin!r} already")
            try:
                CLIENTS.insert(at, client)
            except sqlite3.IntegrityError:
                raise ValueError(f"the client {client.client_id!r} exists already") from None

        self._write(add)

    def get_client(self, client_id: str) -> OAuthClient | None:
        return self._read(CLIENTS.one, "client_id = ?", client_id)

    def replace_client(self, client: OAuthClient) -> None:
        def replace(at: sqlite3.Connection) -> None:
            at.execute("DELETE FROM clients WHERE client_id = ?", (client.client_id,))
            CLIENTS.insert(at, client)

        self._write(replace)

    def delete_client(self, client_id: str, now: float) -> bool:
        def delete(at: sqlite3.Connection) -> bool:
            gone = at.execute("DELETE FROM clients WHERE client_id = ?", (client_id,)).rowcount
            at.execute("DELETE FROM consents WHERE client_id = ?", (client_id,))
            rows = at.execute("SELECT grant_id FROM grants WHERE client_id = ?", (client_id,))
            do.revoke_all(at, rows, now)
            return bool(gone)

        return self._write(delete)

    def list_clients(self, after: str | None = None, limit: int = 100) -> Sequence[OAuthClient]:
        where = "client_id > ? ORDER BY client_id LIMIT ?"
        return self._read(CLIENTS.many, where, after or "", limit)

    # -- codes and tokens --------------------------------------------------------------------------

    def save_code(self, grant: Grant, code: AuthorizationCode) -> None:
        def save(at: sqlite3.Connection) -> None:
            GRANTS.insert(at, grant)
            CODES.insert(at, code)

        self._write(save)

    def consume_code(self, digest: bytes, client_id: str, now: float) -> CodeUse:
        return self._write(do.consume_code, digest, client_id, now)

    def save_tokens(
        self, access: AccessToken, refresh: RefreshToken | None = None, grant: Grant | None = None
    ) -> bool:
        return self._write(do.save_tokens, access, refresh, grant)

    def get_access(self, digest: bytes) -> AccessToken | None:
        return self._read(ACCESS.one, do.LIVE_ACCESS, digest)

    def get_refresh(self, digest: bytes) -> RefreshToken | None:
        return self._read(REFRESH.one, do.LIVE_REFRESH, digest)

    def rotate_refresh(
        self,
        digest: bytes,
        successor: RefreshToken,
        access: AccessToken,
        *,
        salt: bytes,
        now: float,
        grace: float,
    ) -> Rotation:
        return self._write(do.rotate, digest, successor, access, salt, now, grace)

    # -- revocation --------------------------------------------------------------------------------

    def revoke_access(self, digest: bytes, now: float) -> bool:
        return self._write(do.revoke_access, digest, now)

    def revoke_grant(self, grant_id: str, now: float) -> bool:
        return self._write(do.revoke_grant, grant_id, now)

    def revoke_subject(self, subject: str, now: float) -> int:
        return self._write(self._revoke_subject, subject, now)

    @staticmethod
    def _revoke_subject(at: sqlite3.Connection, subject: str, now: float) -> int:
        at.execute("DELETE FROM sessions WHERE subject = ?", (subject,))
        at.execute("DELETE FROM consents WHERE subject = ?", (subject,))
        rows = at.execute("SELECT grant_id FROM grants WHERE subject = ?", (subject,))
        return do.revoke_all(at, rows, now)

    def last_revocation(self) -> int:
        sql = "SELECT seq FROM sqlite_sequence WHERE name = 'revocations'"
        rows = self._read(_rows, sql, ())
        return int(rows[0][0]) if rows else 0

    def revocations_after(self, number: int, limit: int = 1000) -> Sequence[Revocation]:
        sql = "SELECT number, digest, grant_id FROM revocations WHERE number > ? ORDER BY number"
        rows = self._read(_rows, f"{sql} LIMIT ?", (number, limit))
        return [Revocation(*row) for row in rows]

    # -- users, browsers, consents -----------------------------------------------------------------

    def add_user(self, user: User) -> None:
        def add(at: sqlite3.Connection) -> None:
            try:
                USERS.insert(at, user)
            except sqlite3.IntegrityError:
                raise ValueError(f"the user {user.username!r} exists already") from None

        self._write(add)

    def get_user(self, username: str) -> User | None:
        return self._read(USERS.one, "username = ?", username)

    def replace_user(self, user: User) -> None:
        def replace(at: sqlite3.Connection) -> None:
            at.execute("DELETE FROM users WHERE subject = ?", (user.subject,))
            try:
                USERS.insert(at, user)
            except sqlite3.IntegrityError:
                raise ValueError(f"there is another user {user.username!r}") from None

        self._write(replace)

    def delete_user(self, username: str, now: float) -> bool:
        def delete(at: sqlite3.Connection) -> bool:
            user = USERS.one(at, "username = ?", username)
            if user is None:
                return False
            at.execute("DELETE FROM users WHERE subject = ?", (user.subject,))
            self._revoke_subject(at, user.subject, now)
            return True

        return self._write(delete)

    def list_users(self, after: str | None = None, limit: int = 100) -> Sequence[User]:
        where = "username > ? ORDER BY username LIMIT ?"
        return self._read(USERS.many, where, after or "", limit)

    def save_session(self, session: BrowserSession) -> None:
        self._write(SESSIONS.insert, session)

    def get_session(self, digest: bytes) -> BrowserSession | None:
        return self._read(SESSIONS.one, "digest = ?", digest)

    def delete_session(self, digest: bytes) -> None:
        self._write(_changed, "DELETE FROM sessions WHERE digest = ?", (digest,))

    def save_consent(self, consent: Consent) -> None:
        self._write(CONSENTS.replace, consent)

    def get_consent(self, subject: str, client_id: str, redirect_uri: str) -> Consent | None:
        where = "subject = ? AND client_id = ? AND redirect_uri = ?"
        return self._read(CONSENTS.one, where, subject, client_id, redirect_uri)

    # -- replay, keys, time ------------------------------------------------------------------------

    def first_use(self, kind: str, digest: bytes, now: float, expires_at: float) -> bool:
        sql = (
            "INSERT INTO seen VALUES (?, ?, ?) ON CONFLICT (kind, digest) "
            "DO UPDATE SET expires_at = excluded.expires_at WHERE seen.expires_at <= ?"
        )
        values = (kind, digest, expires_at, now)
        return self._write(_changed, sql, values) == 1

    def save_key(self, key: SigningKey) -> None:
        self._write(KEYS.replace, key)

    def list_keys(self) -> Sequence[SigningKey]:
        return self._read(KEYS.many, "1 ORDER BY created_at, kid")

    def forget_clients(self, before: float, limit: int = 1000) -> int:
        unused = self._read(_rows, do.UNUSED_CLIENTS, (before, limit))
        return self._write(do.forget_clients, unused) if unused else 0

    def expire(self, now: float, limit: int = 1000) -> int:
        return sum(
            self._write(do.expire, table, column, now - kept, limit)
            for table, column, kept in do.EXPIRING
        )


def _rows(at: sqlite3.Connection, sql: str, values: tuple[Any, ...]) -> list[Any]:
    return at.execute(sql, values).fetchall()


def _changed(at: sqlite3.Connection, sql: str, values: tuple[Any, ...]) -> int:
    return at.execute(sql, values).rowcount
