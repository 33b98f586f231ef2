"""The sessions workers share, whoever opened them. Every function raises `StoreError`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zcp_kernel.contracts import StoredSession
from zcp_kernel.errors import NotFound
from zcp_kernel.jsontext import loads

from ..database import Database
from ..events import SQLiteEventLog
from ..sessions import SQLiteSessionStore
from .file import with_database

__all__ = ["details", "latest", "prune"]

HOUR_SECONDS = 3600


def latest(file: Path, limit: int) -> list[dict[str, Any]]:
    """Up to `limit` sessions, the most recently used first: `{sessionId, plane, revision, worker,
    moves, caller, client}`; `moves` counts the workers that took it over."""

    async def work(database: Database) -> list[dict[str, Any]]:
        return [_shown(each) for each in await SQLiteSessionStore(database).list(limit)]

    return with_database(file, work)


def details(file: Path, session_id: str) -> dict[str, Any]:
    """`{session, facts, calls}`: everything another worker would need to go on with it. Raises
    `NotFound`."""

    async def work(database: Database) -> dict[str, Any]:
        store = SQLiteSessionStore(database)
        stored = await store.load(session_id)
        if stored is None:
            raise NotFound("session", session_id)
        calls = [
            {"stream": call.stream, "worker": call.worker, "requests": loads(call.ids)}
            for call in await store.begun(session_id)
        ]
        return {"session": _shown(stored), "facts": loads(stored.facts), "calls": calls}

    return with_database(file, work)


def prune(file: Path, hours: float) -> int:
    """Remove sessions nobody used for so long, and what was kept to be sent again; returns how
    many."""

    async def work(database: Database) -> int:
        log = SQLiteEventLog(database)
        gone = await SQLiteSessionStore(database).expire(hours * HOUR_SECONDS)
        for session_id in gone:
            await log.forget(session_id)
        return len(gone)

    return with_database(file, work)


def _shown(stored: StoredSession) -> dict[str, Any]:
    caller: dict[str, Any] = loads(stored.caller) or {}
    client: dict[str, Any] = loads(stored.facts).get("clientInfo") or {}
    return {
        "sessionId": stored.id,
        "plane": stored.plane,
        "revision": stored.revision,
        "worker": stored.worker,
        "moves": stored.generation,
        "caller": caller.get("subject"),
        "client": client.get("name"),
    }
