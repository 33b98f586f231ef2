"""The two documents of discovery, as far as a client needs them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from attrs import field, frozen

from ...config import is_loopback
from ...shapes import strings_of
from ..errors import DiscoveryFailed

_PLAIN = re.compile(r"[!#$%&'()*+,./0-9:;=?@A-Z\[\]_a-z~-]+")


@frozen
class ResourceMetadata:
    """What a server says of itself (RFC 9728, section 2). `scopes` None: it does not say."""

    resource: str
    issuers: tuple[str, ...] = ()
    scopes: tuple[str, ...] | None = None
    dpop_required: bool = False


@frozen
class IssuerMetadata:
    """What an authorization server says of itself (RFC 8414, section 2). `auth_methods` None and
    `scopes` None: it does not say. `discovered`: it said so at all."""

    issuer: str
    token_endpoint: str
    authorization_endpoint: str | None = None
    registration_endpoint: str | None = None
    revocation_endpoint: str | None = None
    scopes: tuple[str, ...] | None = None
    auth_methods: tuple[str, ...] | None = None
    challenge_methods: tuple[str, ...] = ()
    dpop_algorithms: tuple[str, ...] = ()
    client_documents: bool = False
    names_itself: bool = field(default=False)
    """`authorization_response_iss_parameter_supported` (RFC 9207, section 3)."""

    discovered: bool = True


def resource_of(document: dict[str, Any]) -> ResourceMetadata:
    """Raises `DiscoveryFailed`."""
    resource = document.get("resource")
    if not isinstance(resource, str) or not urlsplit(resource).netloc:
        raise DiscoveryFailed("its resource metadata names no resource")
    return ResourceMetadata(
        resource,
        tuple(strings_of(document.get("authorization_servers"))),
        _strings(document, "scopes_supported"),
        document.get("dpop_bound_access_tokens_required") is True,
    )


def issuer_of(document: dict[str, Any]) -> IssuerMetadata:
    """Raises `DiscoveryFailed`."""
    issuer = document.get("issuer")
    if not isinstance(issuer, str):
        raise DiscoveryFailed("the authorization server's metadata names no issuer")
    token = _endpoint(document, "token_endpoint")
    if token is None:
        raise DiscoveryFailed(f"{issuer} names no token endpoint")
    return IssuerMetadata(
        issuer=issuer,
        token_endpoint=token,
        authorization_endpoint=_endpoint(document, "authorization_endpoint"),
        registration_endpoint=_endpoint(document, "registration_endpoint"),
        revocation_endpoint=_endpoint(document, "revocation_endpoint"),
        scopes=_strings(document, "scopes_supported"),
        auth_methods=_strings(document, "token_endpoint_auth_methods_supported"),
        challenge_methods=tuple(strings_of(document.get("code_challenge_methods_supported"))),
        dpop_algorithms=tuple(strings_of(document.get("dpop_signing_alg_values_supported"))),
        client_documents=document.get("client_id_metadata_document_supported") is True,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def safe_endpoint(url: str) -> bool:
    """Whether a URL may be used: https, or http on this machine, and nothing in it that a shell or
    a browser could take for something else."""
    if not _PLAIN.fullmatch(url.replace("%", "")) or "#" in url:
        return False
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc:
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))


def _endpoint(document: dict[str, Any], name: str) -> str | None:
    url = document.get(name)
    if url is None:
        return None
    if not isinstance(url, str) or not safe_endpoint(url):
        raise DiscoveryFailed(f"the authorization server's {name} is no https URL")
    return url


def _strings(document: dict[str, Any], name: str) -> tuple[str, ...] | None:
    value = document.get(name)
    return tuple(strings_of(value)) if isinstance(value, list) else None
