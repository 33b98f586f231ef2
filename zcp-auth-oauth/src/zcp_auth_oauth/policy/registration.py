"""Client metadata (RFC 7591, section 2): what is taken, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from ..config import ALGORITHMS, safe_url
from ..dpop.proofs import PRIVATE_MEMBERS
from ..models import ClientOrigin, OAuthClient
from ..shapes import items_of, members_of
from . import redirects
from .scopes import ScopeRefused, parsed

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
USER_GRANTS = ("authorization_code", "refresh_token")
GRANTS = (*USER_GRANTS, "client_credentials", JWT_BEARER, TOKEN_EXCHANGE)
METHODS = ("none", "client_secret_basic", "client_secret_post", "private_key_jwt")
MOST_REDIRECTS = 20
LONGEST_NAME = 200
MOST_JWKS = 16_384


class MetadataRefused(ValueError):
    """Metadata that cannot be accepted. `error` is the code of RFC 7591, section 3.2.2."""

    def __init__(self, member: str, message: str, error: str = "invalid_client_metadata") -> None:
        super().__init__(f"{member}: {message}")
        self.error = error


def client_of(
    metadata: Mapping[str, Any], client_id: str, *, origin: ClientOrigin, created_at: float = 0.0
) -> OAuthClient:
    """The client that metadata describes, without a secret. Raises `MetadataRefused`.

    A client that describes itself gets no more grants than a user's, and no limit of scopes: one it
    chose itself would protect nobody, and stand in the way of a step-up.
    """
    method = _choice(metadata, "token_endpoint_auth_method", METHODS, "client_secret_basic")
    grants = _grants(metadata, origin)
    uris = _redirects(metadata, "authorization_code" in grants)
    jwks, jwks_uri = _keys(metadata, method)
    stated = _scopes(metadata)
    return OAuthClient(
        client_id,
        client_name=_name(metadata),
        redirect_uris=uris,
        grant_types=grants,
        token_endpoint_auth_method=method,
        scopes=stated if origin == "operator" else None,
        application_type="native" if _application(metadata, uris) == "native" else "web",
        client_uri=_link(metadata, "client_uri"),
        jwks=jwks,
        jwks_uri=jwks_uri,
        dpop_bound=metadata.get("dpop_bound_access_tokens") is True,
        origin=origin,
        created_at=created_at,
    )


def described(client: OAuthClient) -> dict[str, Any]:
    """A client's metadata, as a registration is answered."""
    stated = {
        "client_id": client.client_id,
        "client_id_issued_at": int(client.created_at),
        "client_name": client.client_name,
        "redirect_uris": list(client.redirect_uris),
        "grant_types": list(client.grant_types),
        "response_types": ["code"] if "authorization_code" in client.grant_types else [],
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "application_type": client.application_type,
        "scope": None if client.scopes is None else " ".join(client.scopes),
        "client_uri": client.client_uri,
        "jwks": client.jwks,
        "jwks_uri": client.jwks_uri,
        "dpop_bound_access_tokens": client.dpop_bound or None,
    }
    return {name: value for name, value in stated.items() if value is not None}


def _choice(metadata: Mapping[str, Any], member: str, among: tuple[str, ...], default: str) -> str:
    value = metadata.get(member, default)
    if value not in among:
        raise MetadataRefused(member, f"must be one of {', '.join(among)}")
    return str(value)


def _strings(metadata: Mapping[str, Any], member: str) -> tuple[str, ...] | None:
    value = metadata.get(member)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(one, str) for one in cast("Any", value)):
        raise MetadataRefused(member, "must be a list of strings")
    return tuple(cast("list[str]", value))


def _grants(metadata: Mapping[str, Any], origin: ClientOrigin) -> tuple[str, ...]:
    allowed = GRANTS if origin == "operator" else USER_GRANTS
    asked = _strings(metadata, "grant_types")
    grants = ("authorization_code",) if asked is None else tuple(dict.fromkeys(asked))
    refused = [one for one in grants if one not in allowed]
    if origin != "operator":
        # RFC 7591, section 3.2.1: the server may leave out what it does not offer, and says so.
        grants = tuple(one for one in grants if one in allowed)
    elif refused:
        raise MetadataRefused("grant_types", f"must be among {', '.join(allowed)}")
    if not grants:
        raise MetadataRefused("grant_types", f"must be among {', '.join(allowed)}")
    responses = _strings(metadata, "response_types")
    if responses is not None and set(responses) - {"code"}:
        raise MetadataRefused("response_types", "must be code")
    return grants


def _redirects(metadata: Mapping[str, Any], needed: bool) -> tuple[str, ...]:
    error = "invalid_redirect_uri"
    try:
        uris = _strings(metadata, "redirect_uris") or ()
    except MetadataRefused as refused:
        raise MetadataRefused("redirect_uris", str(refused), error) from None
    if needed and not uris:
        raise MetadataRefused("redirect_uris", "at least one is needed", error)
    if len(uris) > MOST_REDIRECTS:
        raise MetadataRefused("redirect_uris", f"at most {MOST_REDIRECTS}", error)
    for uri in uris:
        fault = redirects.fault_of(uri)
        if fault is not None:
            raise MetadataRefused("redirect_uris", f"{uri[:100]!r} {fault}", error)
    return tuple(dict.fromkeys(uris))


def _keys(metadata: Mapping[str, Any], method: str) -> tuple[dict[str, Any] | None, str | None]:
    jwks, uri = metadata.get("jwks"), metadata.get("jwks_uri")
    if jwks is not None and uri is not None:
        raise MetadataRefused("jwks", "give jwks or jwks_uri, not both")
    if uri is not None and not (isinstance(uri, str) and safe_url(uri)):
        raise MetadataRefused("jwks_uri", "must be an https URL")
    if jwks is not None:
        _check_jwks(jwks)
    if method == "private_key_jwt" and jwks is None and uri is None:
        raise MetadataRefused("jwks", "private_key_jwt needs jwks or jwks_uri")
    algorithm = metadata.get("token_endpoint_auth_signing_alg")
    if algorithm is not None and algorithm not in ALGORITHMS:
        raise MetadataRefused("token_endpoint_auth_signing_alg", "is not accepted")
    return jwks, uri


def _check_jwks(jwks: Any) -> None:
    keys = members_of(jwks).get("keys")
    if not isinstance(keys, list) or len(json.dumps(jwks)) > MOST_JWKS:
        raise MetadataRefused("jwks", "must be a JWK Set")
    for key in items_of(keys):
        if not isinstance(key, dict) or PRIVATE_MEMBERS & members_of(key).keys():
            raise MetadataRefused("jwks", "must hold public keys only")


def _name(metadata: Mapping[str, Any]) -> str | None:
    name = metadata.get("client_name")
    if name is None:
        return None
    if not isinstance(name, str) or len(name) > LONGEST_NAME or not name.isprintable():
        raise MetadataRefused("client_name", "must be a short line of text")
    return name


def _scopes(metadata: Mapping[str, Any]) -> tuple[str, ...] | None:
    scope = metadata.get("scope")
    if scope is None:
        return None
    try:
        return parsed(scope if isinstance(scope, str) else '"')
    except ScopeRefused as refused:
        raise MetadataRefused("scope", str(refused)) from None


def _application(metadata: Mapping[str, Any], uris: tuple[str, ...]) -> str:
    native = any(redirects.is_native(uri) for uri in uris)
    return _choice(metadata, "application_type", ("web", "native"), "native" if native else "web")


def _link(metadata: Mapping[str, Any], member: str) -> str | None:
    value = metadata.get(member)
    if value is None:
        return None
    if not (isinstance(value, str) and len(value) <= redirects.LONGEST and safe_url(value)):
        raise MetadataRefused(member, "must be an https URL without query")
    return value
