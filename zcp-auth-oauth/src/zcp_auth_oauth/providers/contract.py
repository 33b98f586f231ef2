"""`OAuthProvider`: where an authorization server keeps clients, grants, tokens and users."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

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


@runtime_checkable
class OAuthProvider(Protocol):
    """Storage of an authorization server.

    Methods are synchronous and thread-safe: they run in worker threads, and may block. Each takes
    effect whole or not at all, in every process that shares the storage. `now` and all times are
    seconds since the epoch. Suite: `zcp_auth_oauth.testing.OAuthProviderContract`.
    """

    @property
    def name(self) -> str: ...

    def open(self) -> None:
        """Get ready; harmless when open. A provider that was closed can be opened again."""
        ...

    def close(self) -> None:
        """Let go of files and threads. Idempotent."""
        ...

    # -- clients -----------------------------------------------------------------------------------

    def add_client(self, client: OAuthClient, *, most: int | None = None) -> None:
        """Raises `ValueError` if the id exists, `LimitReached` if there are `most` clients of the
        same origin already."""
        ...

    def get_client(self, client_id: str) -> OAuthClient | None: ...

    def replace_client(self, client: OAuthClient) -> None:
        """Store a client under its id, whether there was one or not."""
        ...

    def delete_client(self, client_id: str, now: float) -> bool:
        """Remove a client, its consents, and revoke its grants; whether there was one."""
        ...

    def list_clients(self, after: str | None = None, limit: int = 100) -> Sequence[OAuthClient]:
        """Up to `limit` clients in the order of their ids, those above `after`."""
        ...

    # -- codes and tokens --------------------------------------------------------------------------

    def save_code(self, grant: Grant, code: AuthorizationCode) -> None: ...

    def consume_code(self, digest: bytes, client_id: str, now: float) -> CodeUse:
        """Take a code: only one caller ever gets it `accepted`. One that comes again is `replayed`,
        and its grant is revoked; one of another client is `unknown`, and stays."""
        ...

    def save_tokens(
        self, access: AccessToken, refresh: RefreshToken | None = None, grant: Grant | None = None
    ) -> bool:
        """Store tokens, and their grant if it is new. False, and nothing is stored, if the grant
        was revoked meanwhile or does not exist."""
        ...

    def get_access(self, digest: bytes) -> AccessToken | None:
        """The token, expired or not; None if it is unknown, or it or its grant was revoked."""
        ...

    def get_refresh(self, digest: bytes) -> RefreshToken | None:
        """The token, used or not; None if it is unknown or its grant was revoked."""
        ...

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
        """Use up a refresh token, and store its successor and a new access token.

        A token used before is `graced` if that was at most `grace` seconds ago and its successor is
        still unused: `access` is stored, `successor` is not. Otherwise it is `replayed`, and its
        grant is revoked.
        """
        ...

    # -- revocation --------------------------------------------------------------------------------

    def revoke_access(self, digest: bytes, now: float) -> bool:
        """Whether there was such a token."""
        ...

    def revoke_grant(self, grant_id: str, now: float) -> bool:
        """Revoke every token of a grant; whether there was one that was not revoked."""
        ...

    def revoke_subject(self, subject: str, now: float) -> int:
        """Revoke a user's grants, end their browser sessions, forget their consents; returns how
        many grants there were."""
        ...

    def last_revocation(self) -> int:
        """The number of the newest revocation; 0 if there was none."""
        ...

    def revocations_after(self, number: int, limit: int = 1000) -> Sequence[Revocation]:
        """Revocations above `number`, in order, from this process or another."""
        ...

    # -- users, browsers, consents -----------------------------------------------------------------

    def add_user(self, user: User) -> None:
        """Raises `ValueError` if the subject or the name exists."""
        ...

    def get_user(self, username: str) -> User | None: ...

    def replace_user(self, user: User) -> None:
        """Store a user under its subject. Raises `ValueError` if another has its name."""
        ...

    def delete_user(self, username: str, now: float) -> bool:
        """Remove a user, and `revoke_subject`; whether there was one."""
        ...

    def list_users(self, after: str | None = None, limit: int = 100) -> Sequence[User]:
        """Up to `limit` users in the order of their names, those above `after`."""
        ...

    def save_session(self, session: BrowserSession) -> None: ...

    def get_session(self, digest: bytes) -> BrowserSession | None: ...

    def delete_session(self, digest: bytes) -> None: ...

    def save_consent(self, consent: Consent) -> None:
        """Replaces what this user agreed to for this client and redirect URI before."""
        ...

    def get_consent(self, subject: str, client_id: str, redirect_uri: str) -> Consent | None: ...

    # -- replay, keys, time ------------------------------------------------------------------------

    def first_use(self, kind: str, digest: bytes, now: float, expires_at: float) -> bool:
        """Whether this value of this kind was not seen before; remembered until `expires_at`."""
        ...

    def save_key(self, key: SigningKey) -> None: ...

    def list_keys(self) -> Sequence[SigningKey]:
        """Every key, oldest first."""
        ...

    def forget_clients(self, before: float, limit: int = 1000) -> int:
        """Remove up to `limit` clients that registered themselves by `before` and that nothing
        belongs to: no grant and no consent; returns how many went. Called as `expire` is."""
        ...

    def expire(self, now: float, limit: int = 1000) -> int:
        """Remove about `limit` rows of each kind, at most, that expired by `now`; returns how many
        went. Called in the background, never while a request waits."""
        ...
