"""Passwords: argon2id, off the event loop, with a bounded queue (RFC 9106)."""

from __future__ import annotations

import os

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ..threads import Threads

SHORTEST, LONGEST = 8, 1024
MOST_AT_ONCE = 4


class Passwords:
    """Makes and checks password hashes. `queue`: how many checks may wait; more raise `Busy`."""

    def __init__(self, queue: int = 32, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._threads = Threads(min(os.cpu_count() or 1, MOST_AT_ONCE), queue)
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        """The hash to store. Raises `ValueError` for a password too short, or absurdly long."""
        if not SHORTEST <= len(password) <= LONGEST:
            raise ValueError(f"a password has {SHORTEST} to {LONGEST} characters")
        return self._hasher.hash(password)

    async def check(self, stored: str | None, password: str) -> bool:
        """Whether this is the password. `stored` None: there is no such user, which takes as long
        to find out. Raises `Busy`."""
        return await self._threads.run(self._check, stored, password)

    def _check(self, stored: str | None, password: str) -> bool:
        # Made once, for the first check of all: whether there is such a user never shows.
        if self._nobody is None:
            self._nobody = self._hasher.hash("a password nobody has")
        try:
            self._hasher.verify(stored or self._nobody, password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
        return stored is not None and len(password) <= LONGEST
