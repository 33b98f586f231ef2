"""The tables, as migrations: the file's `user_version` says how many of them it has had."""

from __future__ import annotations

import sqlite3

from zcp_kernel.errors import ConfigError

_FIRST = """
CREATE TABLE clients (
    client_id TEXT PRIMARY KEY, client_name TEXT, redirect_uris TEXT, grant_types TEXT,
    token_endpoint_auth_method TEXT, secret_digest BLOB, secret_expires_at REAL, scopes TEXT,
    application_type TEXT, client_uri TEXT, jwks TEXT, jwks_uri TEXT, dpop_bound INTEGER,
    origin TEXT, created_at REAL
) WITHOUT ROWID;
CREATE TABLE client_counts (origin TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
CREATE TRIGGER client_added AFTER INSERT ON clients BEGIN
    INSERT INTO client_counts VALUES (new.origin, 1)
    ON CONFLICT (origin) DO UPDATE SET count = count + 1;
END;
CREATE TRIGGER client_gone AFTER DELETE ON clients BEGIN
    UPDATE client_counts SET count = count - 1 WHERE origin = old.origin;
END;
CREATE TABLE grants (
    grant_id TEXT PRIMARY KEY, client_id TEXT NOT NULL, subject TEXT, created_at REAL,
    expires_at REAL NOT NULL, revoked_at REAL
) WITHOUT ROWID;
CREATE INDEX grants_of_client ON grants (client_id);
CREATE INDEX grants_of_subject ON grants (subject);
CREATE INDEX grants_by_end ON grants (expires_at);
CREATE TABLE codes (
    digest BLOB PRIMARY KEY, grant_id TEXT NOT NULL, client_id TEXT NOT NULL, subject TEXT NOT NULL,
    redirect_uri TEXT, scopes TEXT, resources TEXT, code_challenge TEXT, expires_at REAL NOT NULL,
    auth_time REAL, redirect_uri_given INTEGER, jkt TEXT, consumed_at REAL
) WITHOUT ROWID;
CREATE INDEX codes_by_end ON codes (expires_at);
CREATE TABLE access_tokens (
    digest BLOB PRIMARY KEY, grant_id TEXT NOT NULL, client_id TEXT NOT NULL, subject TEXT,
    scopes TEXT, audience TEXT, issued_at REAL, expires_at REAL NOT NULL, jkt TEXT
) WITHOUT ROWID;
CREATE INDEX access_by_end ON access_tokens (expires_at);
CREATE TABLE refresh_tokens (
    digest BLOB PRIMARY KEY, grant_id TEXT NOT NULL, client_id TEXT NOT NULL, subject TEXT,
    scopes TEXT, resources TEXT, issued_at REAL, expires_at REAL NOT NULL, jkt TEXT,
    used_at REAL, salt BLOB, successor BLOB
) WITHOUT ROWID;
CREATE INDEX refresh_by_end ON refresh_tokens (expires_at);
CREATE TABLE revocations (
    number INTEGER PRIMARY KEY AUTOINCREMENT, digest BLOB, grant_id TEXT, at REAL NOT NULL
);
CREATE TABLE users (
    subject TEXT PRIMARY KEY, username TEXT NOT NULL UNIQUE, password_hash TEXT, scopes TEXT,
    display_name TEXT, disabled INTEGER, created_at REAL
) WITHOUT ROWID;
CREATE TABLE sessions (
    digest BLOB PRIMARY KEY, subject TEXT NOT NULL, display_name TEXT, scopes TEXT, auth_time REAL,
    expires_at REAL NOT NULL, source TEXT
) WITHOUT ROWID;
CREATE INDEX sessions_of_subject ON sessions (subject);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE TABLE consents (
    subject TEXT, client_id TEXT, redirect_uri TEXT, scopes TEXT, resources TEXT, granted_at REAL,
    expires_at REAL NOT NULL, PRIMARY KEY (subject, client_id, redirect_uri)
) WITHOUT ROWID;
CREATE INDEX consents_of_client ON consents (client_id);
CREATE INDEX consents_by_end ON consents (expires_at);
CREATE TABLE seen (
    kind TEXT, digest BLOB, expires_at REAL NOT NULL, PRIMARY KEY (kind, digest)
) WITHOUT ROWID;
CREATE INDEX seen_by_end ON seen (expires_at);
CREATE TABLE signing_keys (
    kid TEXT PRIMARY KEY, algorithm TEXT, public TEXT, sealed BLOB, created_at REAL,
    retires_at REAL, expires_at REAL NOT NULL
) WITHOUT ROWID;
"""

MIGRATIONS: tuple[str, ...] = (_FIRST,)
"""Each brings a file from its own index to the next version; none is changed once released."""


def migrate(connection: sqlite3.Connection, path: str) -> None:
    """Bring the file to the newest version; harmless if it is there, or if another process does it.

    Raises `ConfigError` for a file of a later release.
    """
    if _version(connection) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        version = _version(connection)
        if version > len(MIGRATIONS):
            raise ConfigError(
                f"{path} was written by a later release of zcp-auth-oauth (its version is "
                f"{version}, this release knows {len(MIGRATIONS)}): pip install --upgrade "
                "zcp-auth-oauth"
            )
        for migration in MIGRATIONS[version:]:
            for statement in statements(migration):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise


def statements(script: str) -> list[str]:
    """The statements of a script; a trigger's inner ones stay in it."""
    found: list[str] = []
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            found.append(pending.strip())
            pending = ""
    return found


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version
