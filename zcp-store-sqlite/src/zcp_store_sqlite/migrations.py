"""The schema, version by version. A released version is never changed: the next one is added."""

from __future__ import annotations

import sqlite3

__all__ = ["NEWEST", "migrate", "version"]

_VERSIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE tasks (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            owner TEXT NOT NULL,
            kind TEXT NOT NULL,
            finished INTEGER NOT NULL,
            descriptor BLOB NOT NULL,
            operation TEXT NOT NULL,
            input BLOB NOT NULL,
            outcome BLOB,
            expires_at REAL,
            version INTEGER NOT NULL,
            attempt INTEGER NOT NULL,
            holder TEXT,
            held_until REAL,
            due_at REAL,
            priority INTEGER NOT NULL,
            caller BLOB NOT NULL
        )""",
        "CREATE INDEX tasks_by_urgency ON tasks (priority DESC, seq) WHERE NOT finished",
        "CREATE INDEX tasks_by_holder ON tasks (holder) WHERE NOT finished",
        "CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
        "CREATE INDEX tasks_by_owner ON tasks (owner, seq)",
        "CREATE INDEX tasks_by_expiry ON tasks (expires_at) WHERE expires_at IS NOT NULL",
        """CREATE TABLE sessions (
            id TEXT PRIMARY KEY,
            plane TEXT NOT NULL,
            revision TEXT NOT NULL,
            worker TEXT NOT NULL,
            generation INTEGER NOT NULL,
            caller BLOB NOT NULL,
            facts BLOB NOT NULL,
            used REAL NOT NULL
        ) WITHOUT ROWID""",
        """CREATE TABLE calls (
            session TEXT NOT NULL,
            stream INTEGER NOT NULL,
            worker TEXT NOT NULL,
            ids BLOB NOT NULL,
            key TEXT,
            PRIMARY KEY (session, stream)
        ) WITHOUT ROWID""",
        """CREATE TABLE rates (
            caller TEXT NOT NULL,
            begins REAL NOT NULL,
            count INTEGER NOT NULL,
            over REAL NOT NULL,
            PRIMARY KEY (caller, begins)
        ) WITHOUT ROWID""",
        "CREATE INDEX rates_by_end ON rates (over)",
        "CREATE INDEX sessions_by_use ON sessions (used)",
        """CREATE TABLE secrets (
            seq INTEGER PRIMARY KEY,
            secret TEXT NOT NULL,
            made_at REAL NOT NULL
        )""",
        "CREATE TABLE once (key TEXT PRIMARY KEY, value BLOB, expires_at REAL NOT NULL)",
        "CREATE INDEX once_by_expiry ON once (expires_at)",
        """CREATE TABLE handles (
            seq INTEGER PRIMARY KEY AUTOINCREMENT,
            id TEXT NOT NULL UNIQUE,
            owner TEXT NOT NULL,
            ref BLOB NOT NULL,
            scopes TEXT NOT NULL,
            size INTEGER NOT NULL,
            used INTEGER NOT NULL,
            expires_at REAL
        )""",
        """CREATE TABLE handle_data (
            seq INTEGER PRIMARY KEY REFERENCES handles (seq) ON DELETE CASCADE,
            data BLOB NOT NULL
        )""",
        "CREATE INDEX handles_by_owner ON handles (owner, seq)",
        "CREATE INDEX handles_by_use ON handles (used)",
        "CREATE INDEX handles_by_expiry ON handles (expires_at) WHERE expires_at IS NOT NULL",
        "CREATE TABLE handle_sizes (owner TEXT PRIMARY KEY, size INTEGER NOT NULL) WITHOUT ROWID",
        """CREATE TRIGGER handle_added AFTER INSERT ON handles BEGIN
            INSERT INTO handle_sizes VALUES (NEW.owner, NEW.size)
                ON CONFLICT (owner) DO UPDATE SET size = size + NEW.size;
        END""",
        """CREATE TRIGGER handle_removed AFTER DELETE ON handles BEGIN
            UPDATE handle_sizes SET size = size - OLD.size WHERE owner = OLD.owner;
            DELETE FROM handle_sizes WHERE owner = OLD.owner AND size <= 0;
        END""",
        "CREATE TABLE lost_handles (seq INTEGER PRIMARY KEY, id TEXT UNIQUE, owner TEXT NOT NULL)",
        """CREATE TABLE streams (
            session TEXT NOT NULL,
            stream INTEGER NOT NULL,
            count INTEGER NOT NULL,
            lost INTEGER NOT NULL,
            ended INTEGER NOT NULL,
            used INTEGER NOT NULL,
            size INTEGER NOT NULL,
            at REAL NOT NULL,
            PRIMARY KEY (session, stream)
        ) WITHOUT ROWID""",
        """CREATE TABLE events (
            session TEXT NOT NULL,
            stream INTEGER NOT NULL,
            number INTEGER NOT NULL,
            last INTEGER NOT NULL,
            frame BLOB NOT NULL,
            PRIMARY KEY (session, stream, number)
        )""",
        """CREATE TABLE bus (
            topic TEXT NOT NULL,
            number INTEGER NOT NULL,
            event BLOB NOT NULL,
            at REAL NOT NULL,
            PRIMARY KEY (topic, number)
        ) WITHOUT ROWID""",
        "CREATE TABLE topics (topic TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID",
    ),
    ("ALTER TABLE handle_data ADD COLUMN outline BLOB",),
)

NEWEST = len(_VERSIONS)


def migrate(connection: sqlite3.Connection) -> int:
    """Bring the file to the newest schema, in one transaction; returns the version it had.

    Raises `sqlite3.DatabaseError` for a file of a newer release, which is left as it is.
    """
    found = version(connection)
    if found == NEWEST:
        return found
    if found > NEWEST:
        raise sqlite3.DatabaseError(
            f"the file has schema {found}, this release knows {NEWEST}: upgrade zcp-store-sqlite"
        )
    connection.execute("BEGIN IMMEDIATE")
    try:
        # Another process may have been quicker.
        found = version(connection)
        for statements in _VERSIONS[found:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {NEWEST}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    return found


def version(connection: sqlite3.Connection) -> int:
    """The schema the file has; 0 for a new one."""
    found: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return found
