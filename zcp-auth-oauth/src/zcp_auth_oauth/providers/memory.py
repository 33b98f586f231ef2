"""`InMemoryOAuthProvider`: everything in this process, gone with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from attrs import evolve
from zcp_kernel.errors import LimitReached

from ..models import (
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

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="InMemoryOAuthProvider")

CODE_MEMORY_SECONDS = 86_400.0
"""How long a code is remembered after its end, so that its replay revokes what it issued."""


def _atomic(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    @wraps(method)
    def locked(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.lock:
            return method(self, *args, **kwargs)

    return locked


class InMemoryOAuthProvider:
    """Keeps the state of an authorization server in memory: for tests and for development."""

    name = "memory"

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._clients: dict[str, OAuthClient] = {}
        self._grants: dict[str, Grant] = {}
        self._codes: dict[bytes, AuthorizationCode] = {}
        self._consumed: set[bytes] = set()
        self._access: dict[bytes, AccessToken] = {}
        self._refresh: dict[bytes, RefreshToken] = {}
        self._successors: dict[bytes, bytes] = {}
        self._revocations: list[tuple[float, Revocation]] = []
        self._revoked = 0
        self._users: dict[str, User] = {}
        self._sessions: dict[bytes, BrowserSession] = {}
        self._consents: dict[tuple[str, str, str], Consent] = {}
        self._seen: dict[tuple[str, bytes], float] = {}
        self._keys: dict[str, SigningKey] = {}

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close; what is kept stays."""

    # -- clients -----------------------------------------------------------------------------------

    @_atomic
    def add_client(self, client: OAuthClient, *, most: int | None = None) -> None:
        if client.client_id in self._clients:
            raise ValueError(f"the client {client.client_id!r} exists already")
        if most is not None:
            same = sum(each.origin == client.origin for each in self._clients.values())
            if same >= most:
                raise LimitReached(f"there are {most} clients of origin {client.origin!r} already")
        self._clients[client.client_id] = client

    def get_client(self, client_id: str) -> OAuthClient | None:
        return self._clients.get(client_id)

    @_atomic
    def replace_client(self, client: OAuthClient) -> None:
        self._clients[client.client_id] = client

    @_atomic
    def delete_client(self, client_id: str, now: float) -> bool:
        self._drop_consents(lambda each: each.client_id == client_id)
        self._revoke_where(lambda each: each.client_id == client_id, now)
        return self._clients.pop(client_id, None) is not None

    @_atomic
    def list_clients(self, after: str | None = None, limit: int = 100) -> Sequence[OAuthClient]:
        ids = sorted(one for one in self._clients if one > (after or ""))
        return [self._clients[one] for one in ids[:limit]]

    # -- codes and tokens --------------------------------------------------------------------------

    @_atomic
    def save_code(self, grant: Grant, code: AuthorizationCode) -> None:
        self._grants[grant.grant_id] = grant
        self._codes[code.digest] = code

    @_atomic
    def consume_code(self, digest: bytes, client_id: str, now: float) -> CodeUse:
        code = self._codes.get(digest)
        if code is None or code.client_id != client_id:
            return CodeUse("unknown")
        if digest in self._consumed:
            self.revoke_grant(code.grant_id, now)
            return CodeUse("replayed")
        if code.expires_at <= now:
            return CodeUse("expired")
        self._consumed.add(digest)
        return CodeUse("accepted", code)

    @_atomic
    def save_tokens(
        self, access: AccessToken, refresh: RefreshToken | None = None, grant: Grant | None = None
    ) -> bool:
        if grant is not None:
            self._grants[grant.grant_id] = grant
        elif not self._lives(access.grant_id):
            return False
        self._access[access.digest] = access
        if refresh is not None:
            self._refresh[refresh.digest] = refresh
        return True

    @_atomic
    def get_access(self, digest: bytes) -> AccessToken | None:
        found = self._access.get(digest)
        return found if found is not None and self._lives(found.grant_id) else None

    @_atomic
    def get_refresh(self, digest: bytes) -> RefreshToken | None:
        found = self._refresh.get(digest)
        return found if found is not None and self._lives(found.grant_id) else None

    @_atomic
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
        found = self.get_refresh(digest)
        if found is None or found.client_id != successor.client_id:
            return Rotation("unknown")
        if found.expires_at <= now:
            return Rotation("expired")
        if found.used_at is None:
            self._refresh[digest] = evolve(found, used_at=now, salt=salt)
            self._successors[digest] = successor.digest
            self.save_tokens(access, successor)
            grant = self._grants[found.grant_id]
            ends = max(grant.expires_at, successor.expires_at)
            self._grants[found.grant_id] = evolve(grant, expires_at=ends)
            return Rotation("rotated", salt)
        next_one = self._refresh.get(self._successors[digest])
        unused = next_one is not None and next_one.used_at is None
        if now - found.used_at <= grace and unused:
            self.save_tokens(access)
            return Rotation("graced", found.salt)
        self.revoke_grant(found.grant_id, now)
        return Rotation("replayed")

    def _lives(self, grant_id: str) -> bool:
        grant = self._grants.get(grant_id)
        return grant is not None and grant.revoked_at is None

    # -- revocation --------------------------------------------------------------------------------

    @_atomic
    def revoke_access(self, digest: bytes, now: float) -> bool:
        if self._access.pop(digest, None) is None:
            return False
        self._note(now, digest=digest)
        return True

    @_atomic
    def revoke_grant(self, grant_id: str, now: float) -> bool:
        if not self._lives(grant_id):
            return False
        self._grants[grant_id] = evolve(self._grants[grant_id], revoked_at=now)
        self._note(now, grant_id=grant_id)
        return True

    @_atomic
    def revoke_subject(self, subject: str, now: float) -> int:
        for digest in [k for k, each in self._sessions.items() if each.subject == subject]:
            del self._sessions[digest]
        self._drop_consents(lambda each: each.subject == subject)
        return self._revoke_where(lambda each: each.subject == subject, now)

    def _revoke_where(self, wanted: Callable[[Grant], bool], now: float) -> int:
        ids = [each.grant_id for each in self._grants.values() if wanted(each)]
        return sum(self.revoke_grant(grant_id, now) for grant_id in ids)

    def _drop_consents(self, wanted: Callable[[Consent], bool]) -> None:
        for key in [key for key, each in self._consents.items() if wanted(each)]:
            del self._consents[key]

    def _note(self, now: float, **what: Any) -> None:
        self._revoked += 1
        self._revocations.append((now, Revocation(self._revoked, **what)))

    def last_revocation(self) -> int:
        return self._revoked

    @_atomic
    def revocations_after(self, number: int, limit: int = 1000) -> Sequence[Revocation]:
        if number >= self._revoked:
            return []
        return [each for _, each in self._revocations if each.number > number][:limit]

    # -- users, browsers, consents -----------------------------------------------------------------

    @_atomic
    def add_user(self, user: User) -> None:
        if user.subject in self._users or self.get_user(user.username) is not None:
            raise ValueError(f"the user {user.username!r} exists already")
        self._users[user.subject] = user

    @_atomic
    def get_user(self, username: str) -> User | None:
        for user in self._users.values():
            if user.username == username:
                return user
        return None

    @_atomic
    def replace_user(self, user: User) -> None:
        other = self.get_user(user.username)
        if other is not None and other.subject != user.subject:
            raise ValueError(f"there is another user {user.username!r}")
        self._users[user.subject] = user

    @_atomic
    def delete_user(self, username: str, now: float) -> bool:
        user = self.get_user(username)
        if user is None:
            return False
        del self._users[user.subject]
        self.revoke_subject(user.subject, now)
        return True

    @_atomic
    def list_users(self, after: str | None = None, limit: int = 100) -> Sequence[User]:
        users = sorted(self._users.values(), key=lambda each: each.username)
        return [each for each in users if each.username > (after or "")][:limit]

    @_atomic
    def save_session(self, session: BrowserSession) -> None:
        self._sessions[session.digest] = session

    def get_session(self, digest: bytes) -> BrowserSession | None:
        return self._sessions.get(digest)

    @_atomic
    def delete_session(self, digest: bytes) -> None:
        self._sessions.pop(digest, None)

    @_atomic
    def save_consent(self, consent: Consent) -> None:
        key = (consent.subject, consent.client_id, consent.redirect_uri)
        self._consents[key] = consent

    def get_consent(self, subject: str, client_id: str, redirect_uri: str) -> Consent | None:
        return self._consents.get((subject, client_id, redirect_uri))

    # -- replay, keys, time ------------------------------------------------------------------------

    @_atomic
    def first_use(self, kind: str, digest: bytes, now: float, expires_at: float) -> bool:
        known_until = self._seen.get((kind, digest))
        if known_until is not None and known_until > now:
            return False
        self._seen[kind, digest] = expires_at
        return True

    @_atomic
    def save_key(self, key: SigningKey) -> None:
        self._keys[key.kid] = key

    @_atomic
    def list_keys(self) -> Sequence[SigningKey]:
        return sorted(self._keys.values(), key=lambda each: (each.created_at, each.kid))

    @_atomic
    def expire(self, now: float, limit: int = 1000) -> int:
        old = now - CODE_MEMORY_SECONDS
        gone = _drop(self._codes, old, limit) + _drop(self._grants, old, limit)
        self._consumed &= self._codes.keys()
        tables: tuple[dict[Any, Any], ...] = (
            self._access, self._refresh, self._sessions, self._consents, self._keys,
        )  # fmt: skip
        gone += sum(_drop(table, now, limit) for table in tables)
        for digest in [one for one in self._successors if one not in self._refresh]:
            del self._successors[digest]
        ended = [key for key, until in self._seen.items() if until <= now][:limit]
        for key in ended:
            del self._seen[key]
        kept = [entry for entry in self._revocations if entry[0] > old]
        gone += len(ended) + len(self._revocations) - len(kept)
        self._revocations = kept
        return gone


def _drop(table: dict[Any, Any], before: float, limit: int) -> int:
    ended = [key for key, each in table.items() if each.expires_at <= before][:limit]
    for key in ended:
        del table[key]
    return len(ended)
