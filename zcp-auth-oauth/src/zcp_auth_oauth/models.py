"""What an authorization server keeps, as values: none is ever changed in place.

Secrets and tokens appear as digests only (`digests.digest_of`). Times are seconds since the epoch.
"""

from __future__ import annotations

from typing import Any, Literal

from attrs import field, frozen

ClientOrigin = Literal["operator", "dynamic", "document"]
"""Who brought a client: `zcp oauth clients`, RFC 7591, or a client ID metadata document."""


@frozen
class OAuthClient:
    """A client and what it may do (RFC 7591, section 2).

    `secret_digest` is None for clients that have no secret. `scopes` None: every scope this server
    knows. `jwks` is a JWK Set with public keys, for `private_key_jwt`. `dpop_bound`: it gets no
    token that is not bound to a key.
    """

    client_id: str
    client_name: str | None = None
    redirect_uris: tuple[str, ...] = ()
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    token_endpoint_auth_method: str = "none"
    secret_digest: bytes | None = field(default=None, repr=False)
    secret_expires_at: float | None = None
    scopes: tuple[str, ...] | None = None
    application_type: Literal["web", "native"] = "web"
    client_uri: str | None = None
    jwks: dict[str, Any] | None = field(default=None, repr=False)
    jwks_uri: str | None = None
    dpop_bound: bool = False
    origin: ClientOrigin = "operator"
    created_at: float = 0.0

    @property
    def is_public(self) -> bool:
        """Whether nothing proves that a request is this client's (RFC 6749, section 2.1)."""
        return self.token_endpoint_auth_method == "none"


@frozen
class Grant:
    """What one user once let one client do: every code and token of it falls with it.

    `subject` None: the client acts for itself.
    """

    grant_id: str
    client_id: str
    subject: str | None
    created_at: float
    expires_at: float
    revoked_at: float | None = None


@frozen
class AuthorizationCode:
    """A code on its way through the user's browser (RFC 6749, section 4.1.2).

    `redirect_uri` is the one the code went to; `redirect_uri_given`: the request named it.
    `jkt` binds it to a DPoP key (RFC 9449, section 10).
    """

    digest: bytes
    grant_id: str
    client_id: str
    subject: str
    redirect_uri: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    code_challenge: str
    expires_at: float
    auth_time: float = 0.0
    redirect_uri_given: bool = True
    jkt: str | None = None


@frozen
class AccessToken:
    """An access token as stored; `audience` are the resources it is good for (RFC 8707).

    `jkt` is the thumbprint of the key its bearer must prove (RFC 9449, section 6).
    """

    digest: bytes
    grant_id: str
    client_id: str
    subject: str | None
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    issued_at: float
    expires_at: float
    jkt: str | None = None


@frozen
class RefreshToken:
    """A refresh token as stored. `used_at` is when it was rotated, `salt` what its successor is
    derived with (`digests.successor`)."""

    digest: bytes
    grant_id: str
    client_id: str
    subject: str | None
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    issued_at: float
    expires_at: float
    jkt: str | None = None
    used_at: float | None = None
    salt: bytes = field(default=b"", repr=False)


@frozen
class Consent:
    """What a user agreed to for a client, and where it sent them."""

    subject: str
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    granted_at: float
    expires_at: float


@frozen
class User:
    """A user of the built-in user store. `scopes` None: every scope this server knows."""

    subject: str
    username: str
    password_hash: str = field(repr=False)
    scopes: tuple[str, ...] | None = ()
    display_name: str | None = None
    disabled: bool = False
    created_at: float = 0.0


@frozen
class BrowserSession:
    """A browser in which a user signed in; `scopes` is what the sign-in said the user may have."""

    digest: bytes
    subject: str
    display_name: str
    scopes: tuple[str, ...] | None
    auth_time: float
    expires_at: float
    source: str = "local"


@frozen
class SigningKey:
    """A key for JWTs. `sealed` is the private JWK, encrypted with a key that is not stored here.

    A key signs until `retires_at` and stays published until `expires_at`.
    """

    kid: str
    algorithm: str
    public: dict[str, Any]
    sealed: bytes = field(repr=False)
    created_at: float = 0.0
    retires_at: float = 0.0
    expires_at: float = 0.0


@frozen
class Revocation:
    """What was revoked: the `number`th event; one access token's digest, or a whole grant."""

    number: int
    digest: bytes | None = None
    grant_id: str | None = None


@frozen
class CodeUse:
    """What became of a code that was presented."""

    outcome: Literal["accepted", "unknown", "expired", "replayed"]
    code: AuthorizationCode | None = None


@frozen
class Rotation:
    """What became of a refresh token that was presented.

    `graced`: its answer was probably lost, so the successor is given once more; `salt` derives it.
    `replayed`: somebody else has it, and its grant is revoked.
    """

    outcome: Literal["rotated", "graced", "unknown", "expired", "replayed"]
    salt: bytes = field(default=b"", repr=False)
