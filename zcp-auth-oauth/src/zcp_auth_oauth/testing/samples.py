"""Values to store."""

from __future__ import annotations

from typing import Any

from ..digests import digest_of
from ..models import AccessToken, AuthorizationCode, Grant, OAuthClient, RefreshToken, User

NOW = 1_800_000_000.0


def client(client_id: str = "c1", **more: Any) -> OAuthClient:
    fields: dict[str, Any] = {
        "client_name": "A client",
        "redirect_uris": ("https://client.example/cb", "http://127.0.0.1/cb"),
        "jwks": {"keys": []},
        "scopes": ("read", "write"),
        "secret_digest": digest_of("secret"),
        "created_at": NOW,
    }
    return OAuthClient(client_id, **{**fields, **more})


def grant(grant_id: str = "g1", **more: Any) -> Grant:
    fields: dict[str, Any] = {
        "client_id": "c1", "subject": "alice", "created_at": NOW, "expires_at": NOW + 3600,
    }  # fmt: skip
    return Grant(grant_id, **{**fields, **more})


def code(text: str = "code", **more: Any) -> AuthorizationCode:
    fields: dict[str, Any] = {
        "grant_id": "g1", "client_id": "c1", "subject": "alice",
        "redirect_uri": "https://client.example/cb", "scopes": ("read",),
        "resources": ("https://mcp.example",), "code_challenge": "x" * 43,
        "expires_at": NOW + 60, "auth_time": NOW, "jkt": "thumb",
    }  # fmt: skip
    return AuthorizationCode(digest_of(text), **{**fields, **more})


def access(text: str = "access", **more: Any) -> AccessToken:
    fields: dict[str, Any] = {
        "grant_id": "g1", "client_id": "c1", "subject": "alice", "scopes": ("read",),
        "audience": ("https://mcp.example",), "issued_at": NOW, "expires_at": NOW + 600,
    }  # fmt: skip
    return AccessToken(digest_of(text), **{**fields, **more})


def refresh(text: str = "refresh", **more: Any) -> RefreshToken:
    fields: dict[str, Any] = {
        "grant_id": "g1", "client_id": "c1", "subject": "alice", "scopes": ("read",),
        "resources": ("https://mcp.example",), "issued_at": NOW, "expires_at": NOW + 3600,
    }  # fmt: skip
    return RefreshToken(digest_of(text), **{**fields, **more})


def user(username: str = "alice", **more: Any) -> User:
    fields: dict[str, Any] = {
        "username": username, "password_hash": "$argon2id$…", "scopes": ("read",),
        "created_at": NOW,
    }  # fmt: skip
    given: dict[str, Any] = {"subject": f"user-{username}", **fields, **more}
    return User(**given)
