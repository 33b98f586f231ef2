"""The settings of authorization: section `oauth` (this server issues tokens) and section
`resource_server` (others do)."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import urlsplit

from attrs import Attribute, field, frozen
from attrs.validators import ge, gt
from zcp_kernel.config import setting

DAY = 86_400.0
ALGORITHMS: tuple[str, ...] = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
    "Ed25519",
)  # fmt: skip
"""Signatures by a private key. None by a shared secret, and never `none` (RFC 8725)."""


def is_loopback(host: str | None) -> bool:
    """Whether a URL's host is this machine by its very name."""
    return host in ("localhost", "127.0.0.1", "::1")


def safe_url(value: str) -> bool:
    """Whether this is an https URL, or one of this machine, without user, query and fragment."""
    parts = urlsplit(value)
    ours = parts.scheme == "http" and is_loopback(parts.hostname)
    plain = not (parts.query or parts.fragment or "@" in parts.netloc or "#" in value)
    return (parts.scheme == "https" or ours) and bool(parts.hostname) and plain


def _url(_: Any, attribute: Attribute[Any], value: str | None) -> None:
    if value is not None and not safe_url(value):
        raise ValueError(
            f"{attribute.name} must be an https URL (http for localhost) without query and "
            f"fragment, not {value!r}"
        )


def _algorithms(_: Any, attribute: Attribute[Any], value: tuple[str, ...]) -> None:
    strange = [one for one in value if one not in ALGORITHMS]
    if strange or not value:
        raise ValueError(
            f"{attribute.name}: {', '.join(strange) or 'none'} cannot be trusted to come from the "
            f"issuer alone; choose from {', '.join(ALGORITHMS)}"
        )


@frozen
class TrustedIssuer:
    """Somebody whose JWTs are believed. Its keys are at `jwks_uri`, or found in its metadata."""

    issuer: str = field(validator=_url)
    jwks_uri: str | None = field(default=None, validator=_url)
    algorithms: tuple[str, ...] = field(default=("RS256", "ES256"), validator=_algorithms)


@frozen
class OAuthConfig:
    """The authorization server within this server."""

    enabled: bool = setting(False, "Issue tokens, and let in who presents one.")
    issuer: str | None = setting(
        None, "URL clients know the authorization server by; its path is where it is served.",
        check=_url,
    )  # fmt: skip
    resource_url: str | None = setting(
        None, "URL of what tokens are for; `[http] public_url`, or the issuer's origin, if not "
        "given.", check=_url,
    )  # fmt: skip
    provider: Any = field(
        default=None,
        metadata={
            "help": "An `OAuthProvider`; from the program, instead of `database`.",
            "secret": True,
        },
    )
    database: str | None = setting(
        None, "SQLite file to keep everything in; in memory if not given."
    )
    sign_in: Any = field(
        default=None,
        metadata={
            "help": "How users sign in: a `SignIn`, or `module:name` of one; users of `zcp oauth "
            "users` if not given.",
            "secret": True,
        },
    )
    scopes: tuple[str, ...] | None = setting(
        None, "Scopes that can be granted; those the server's tools and other parts require if "
        "not given.",
    )  # fmt: skip
    default_scopes: tuple[str, ...] = setting(
        (), "Scopes of a client that asks for none, and those one without a token is told to begin "
        "with; it asks for more when it needs more.",
    )  # fmt: skip
    access_tokens: Literal["opaque", "jwt"] = setting(
        "opaque", "Form of access tokens: opaque, or JWTs (RFC 9068) that others can verify."
    )
    signing_algorithm: Literal["ES256", "RS256", "EdDSA"] = setting(
        "ES256", "Signature of JWT access tokens."
    )
    key_rotation_seconds: float = setting(
        30 * DAY, "Time a key signs before the next one does.", unit="seconds", check=gt(0)
    )
    access_token_seconds: float = setting(
        900.0, "Life of an access token.", unit="seconds", check=gt(0)
    )
    refresh_token_seconds: float = setting(
        30 * DAY, "Life of a refresh token that is not used.", unit="seconds", check=gt(0)
    )
    refresh_grace_seconds: float = setting(
        10.0, "Time in which a rotated refresh token gets the same answer again, if that was lost.",
        unit="seconds", check=ge(0),
    )  # fmt: skip
    code_seconds: float = setting(
        60.0, "Life of an authorization code.", unit="seconds", check=gt(0)
    )
    session_seconds: float = setting(
        8 * 3600.0, "Time a user stays signed in in a browser.", unit="seconds", check=gt(0)
    )
    consent_seconds: float = setting(
        90 * DAY, "Time a consent is remembered; 0: it is asked for each time.", unit="seconds",
        check=ge(0),
    )  # fmt: skip
    remember_native_consent: bool = setting(
        False, "Remember the consent for clients on the user's own machine as well: every program "
        "there can pretend to be one (RFC 8252, section 8.6).",
    )  # fmt: skip
    registration: Literal["open", "token", "closed"] = setting(
        "open", "Who may register a client (RFC 7591): everybody, who has the registration token, "
        "or nobody.",
    )  # fmt: skip
    registration_token: str | None = setting(
        None, 'The token for `registration = "token"`.', secret=True
    )
    max_dynamic_clients: int = setting(
        10_000, "Most clients that registered themselves.", unit="clients", check=gt(0)
    )
    unused_client_seconds: float = setting(
        30 * DAY, "Time after which a client that registered itself is forgotten, if no grant and "
        "no consent belongs to it; 0: never.", unit="seconds", check=ge(0),
    )  # fmt: skip
    registrations_per_minute: int = setting(
        30, "Most registrations from one network address in a minute.", unit="clients", check=gt(0)
    )
    client_documents: bool = setting(True, "Accept clients whose id is the URL of their metadata.")
    dpop: Literal["optional", "required"] = setting(
        "optional", "Whether tokens must be bound to a key of the client (RFC 9449)."
    )
    dpop_nonces: bool = setting(False, "Demand that DPoP proofs hold a fresh nonce of this server.")
    dpop_proof_seconds: float = setting(
        60.0, "Age, and distance into the future, at which a DPoP proof is refused.",
        unit="seconds", check=gt(0),
    )  # fmt: skip
    assertion_issuers: tuple[TrustedIssuer, ...] = setting(
        (), "Whose identity assertions (ID-JAG) are exchanged for tokens."
    )
    sign_in_queue: int = setting(
        32, "Most sign-ins that wait for their password check; more are answered 503.",
        unit="sign-ins", check=gt(0),
    )  # fmt: skip
    sign_in_attempts: int = setting(
        10, "Most failed sign-ins of one user, or from one network address, in 5 minutes.",
        unit="attempts", check=gt(0),
    )  # fmt: skip

    def __attrs_post_init__(self) -> None:
        if self.enabled and self.issuer is None:
            raise ValueError("issuer: say which URL clients know this server by")
        if self.issuer is not None and self.issuer.endswith("/"):
            raise ValueError("issuer: leave out the slash at its end; clients compare it exactly")
        if self.provider is not None and self.database is not None:
            raise ValueError("give provider or database, not both")
        if self.registration == "token" and not self.registration_token:
            raise ValueError('registration = "token" needs a registration_token')


@frozen
class ResourceServerConfig:
    """Tokens of other authorization servers."""

    enabled: bool = setting(False, "Let in who presents a token of one of these issuers.")
    resource_url: str | None = setting(
        None, "URL tokens must be made for; `[http] public_url` if not given.", check=_url
    )
    issuers: tuple[TrustedIssuer, ...] = setting(
        (), "Issuers whose JWTs are verified here, with their keys and algorithms."
    )
    introspection_url: str | None = setting(
        None, "Where an issuer tells about its opaque tokens (RFC 7662).", check=_url
    )
    introspection_issuer: str | None = setting(
        None, "The issuer behind `introspection_url`.", check=_url
    )
    client_id: str | None = setting(None, "Name of this server at `introspection_url`.")
    client_secret: str | None = setting(None, "Its secret there.", secret=True)
    scopes: tuple[str, ...] | None = setting(
        None, "Scopes to name in the metadata; those the server's parts require if not given."
    )
    leeway_seconds: float = setting(
        30.0, "Most by which the issuer's clock may differ.", unit="seconds", check=ge(0)
    )
    cache_seconds: float = setting(
        5.0, "Time an answer of introspection is believed.", unit="seconds", check=ge(0)
    )
    jwks_seconds: float = setting(
        600.0, "Time fetched keys are believed.", unit="seconds", check=gt(0)
    )
    dpop_proof_seconds: float = setting(
        60.0, "Age, and distance into the future, at which a DPoP proof is refused.",
        unit="seconds", check=gt(0),
    )  # fmt: skip

    def __attrs_post_init__(self) -> None:
        if self.enabled and not (self.issuers or self.introspection_url):
            raise ValueError("issuers: name the issuers to trust, or an introspection_url")
        if self.introspection_url is not None and not (
            self.introspection_issuer and self.client_id and self.client_secret
        ):
            raise ValueError(
                "introspection_url needs introspection_issuer, client_id and client_secret"
            )


SECTIONS: dict[str, type] = {"oauth": OAuthConfig, "resource_server": ResourceServerConfig}

__all__ = ["SECTIONS", "OAuthConfig", "ResourceServerConfig", "TrustedIssuer", "is_loopback"]
__all__ += ["safe_url"]
