"""Users, the browsers they signed in with and what they agreed to, in memory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from ..models import BrowserSession, Consent, User

P = ParamSpec("P")
R = TypeVar("R")
S = TypeVar("S", bound="People")


def atomic(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """The method, one caller at a time."""

    @wraps(method)
    def locked(self: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.lock:
            return method(self, *args, **kwargs)

    return locked


class People:
    """The part of `InMemoryOAuthProvider` that is about users; `lock` guards all of it."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._users: dict[str, User] = {}
        self._sessions: dict[bytes, BrowserSession] = {}
        self._consents: dict[tuple[str, str, str], Consent] = {}

    @atomic
    def add_user(self, user: User) -> None:
        if user.subject in self._users or self.get_user(user.username) is not None:
            raise ValueError(f"the user {user.username!r} exists already")
        self._users[user.subject] = user

    @atomic
    def get_user(self, username: str) -> User | None:
        for user in self._users.values():
            if user.username == username:
                return user
        return None

    @atomic
    def replace_user(self, user: User) -> None:
        other = self.get_user(user.username)
        if other is not None and other.subject != user.subject:
            raise ValueError(f"there is another user {user.username!r}")
        self._users[user.subject] = user

    @atomic
    def list_users(self, after: str | None = None, limit: int = 100) -> Sequence[User]:
        users = sorted(self._users.values(), key=lambda each: each.username)
        return [each for each in users if each.username > (after or "")][:limit]

    @atomic
    def save_session(self, session: BrowserSession) -> None:
        self._sessions[session.digest] = session

    def get_session(self, digest: bytes) -> BrowserSession | None:
        return self._sessions.get(digest)

    @atomic
    def delete_session(self, digest: bytes) -> None:
        self._sessions.pop(digest, None)

    @atomic
    def save_consent(self, consent: Consent) -> None:
        key = (consent.subject, consent.client_id, consent.redirect_uri)
        self._consents[key] = consent

    def get_consent(self, subject: str, client_id: str, redirect_uri: str) -> Consent | None:
        return self._consents.get((subject, client_id, redirect_uri))

    def _drop_consents(self, wanted: Callable[[Consent], bool]) -> None:
        for key in [key for key, each in self._consents.items() if wanted(each)]:
            del self._consents[key]
