"""`InMemoryOAuthProvider`: everything in this process, gone with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from attrs import evolve
from zcp_kernel.errors import LimitReached

from ..models import (
    AccessToken,
    AuthorizationCode,
    CodeUse,
    Grant,
    OAuthClient,
    RefreshToken,
    Revocation,
    Rotation,
    SigningKey,
)
from .memory_people import People, atomic

CODE_MEMORY_SECONDS = 86_400.0
"""How long a code is remembered after its end, so that its replay revokes what it issued."""


class InMemoryOAuthProvider(People):
    """Keeps the state of an authorization server in memory: for tests and for development."""

    name = "memory"

    def __init__(self) -> None:
        super().__init__()
        self._clients: dict[str, OAuthClient] = {}
        self._grants: dict[str, Grant] = {}
        self._codes: dict[bytes, AuthorizationCode] = {}
        self._consumed: set[bytes] = set()
        self._access: dict[bytes, AccessToken] = {}
        self._refresh: dict[bytes, RefreshToken] = {}
        self._successors: dict[bytes, bytes] = {}
        self._revocations: list[tuple[float, Revocation]] = []
        self._revoked = 0
        self._seen: dict[tuple[str, bytes], float] = {}
        self._keys: dict[str, SigningKey] = {}

    def open(self) -> None:
        """Nothing to open."""

    def close(self) -> None:
        """Nothing to close; what is kept stays."""

    # -- clients -----------------------------------------------------------------------------------

    @atomic
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

    @atomic
    def replace_client(self, client: OAuthClient) -> None:
        self._clients[client.client_id] = client

    @atomic
    def delete_client(self, client_id: str, now: float) -> bool:
        self._drop_consents(lambda each: each.client_id == client_id)
        self._revoke_where(lambda each: each.client_id == client_id, now)
        return self._clients.pop(client_id, None) is not None

    @atomic
    def list_clients(self, after: str | None = None, limit: int = 100) -> Sequence[OAuthClient]:
        ids = sorted(one for one in self._clients if one > (after or ""))
        return [self._clients[one] for one in ids[:limit]]

    # -- codes and tokens --------------------------------------------------------------------------

    @atomic
    def save_code(self, grant: Grant, code: AuthorizationCode) -> None:
        self._grants[grant.grant_id] = grant
        self._codes[code.digest] = code

    @atomic
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

    @atomic
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

    @atomic
    def get_access(self, digest: bytes) -> AccessToken | None:
        found = self._access.get(digest)
        return found if found is not None and self._lives(found.grant_id) else None

    @atomic
    def get_refresh(self, digest: bytes) -> RefreshToken | None:
        found = self._refresh.get(digest)
        return found if found is not None and self._lives(found.grant_id) else None

    @atomic
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

    @atomic
    def revoke_access(self, digest: bytes, now: float) -> bool:
        if self._access.pop(digest, None) is None:
            return False
        self._note(now, digest=digest)
        return True

    @atomic
    def revoke_grant(self, grant_id: str, now: float) -> bool:
        if not self._lives(grant_id):
            return False
        self._grants[grant_id] = evolve(self._grants[grant_id], revoked_at=now)
        self._note(now, grant_id=grant_id)
        return True

    @atomic
    def revoke_subject(self, subject: str, now: float) -> int:
        for digest in [k for k, each in self._sessions.items() if each.subject == subject]:
            del self._sessions[digest]
        self._drop_consents(lambda each: each.subject == subject)
        return self._revoke_where(lambda each: each.subject == subject, now)

    @atomic
    def delete_user(self, username: str, now: float) -> bool:
        user = self.get_user(username)
        if user is None:
            return False
        del self._users[user.subject]
        self.revoke_subject(user.subject, now)
        return True

    def _revoke_where(self, wanted: Callable[[Grant], bool], now: float) -> int:
        ids = [each.grant_id for each in self._grants.values() if wanted(each)]
        return sum(self.revoke_grant(grant_id, now) for grant_id in ids)

    def _note(self, now: float, **what: Any) -> None:
        self._revoked += 1
        self._revocations.append((now, Revocation(self._revoked, **what)))

    def last_revocation(self) -> int:
        return self._revoked

    @atomic
    def revocations_after(self, number: int, limit: int = 1000) -> Sequence[Revocation]:
        if number >= self._revoked:
            return []
        return [each for _, each in self._revocations if each.number > number][:limit]

    # -- replay, keys, time ------------------------------------------------------------------------

    @atomic
    def first_use(self, kind: str, digest: bytes, now: float, expires_at: float) -> bool:
        known_until = self._seen.get((kind, digest))
        if known_until is not None and known_until > now:
            return False
        self._seen[kind, digest] = expires_at
        return True

    @atomic
    def save_key(self, key: SigningKey) -> None:
        self._keys[key.kid] = key

    @atomic
    def list_keys(self) -> Sequence[SigningKey]:
        return sorted(self._keys.values(), key=lambda each: (each.created_at, each.kid))

    @atomic
    def forget_clients(self, before: float, limit: int = 1000) -> int:
        used = {grant.client_id for grant in self._grants.values()}
        used |= {consent.client_id for consent in self._consents.values()}
        unused = [
            each.client_id
            for each in self._clients.values()
            if each.origin == "dynamic" and each.created_at <= before
            and each.client_id not in used
        ][:limit]  # fmt: skip
        for client_id in unused:
            del self._clients[client_id]
        return len(unused)

    @atomic
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
