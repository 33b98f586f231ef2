"""The keys of other issuers: found, fetched, kept, and fetched again when they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen

from ..config import TrustedIssuer, safe_url
from ..fetch.cache import DocumentCache
from ..fetch.guard import FetchRefused
from ..shapes import objects_of
from .verify import TokenInvalid, candidates, peek, verified


@frozen
class IssuerKeys:
    """The JWK Set at one URL."""

    url: str
    documents: DocumentCache

    def claims(
        self, token: str, algorithms: Sequence[str], *, types: Sequence[str] | None = None
    ) -> dict[str, Any]:
        """The claims of a token of this issuer. Keys it may have rotated to are fetched when the
        token names one that is not known, or none fits. Raises `TokenInvalid`, `FetchRefused`."""
        keys = self._keys()
        header, _ = peek(token)
        algorithm = header.get("alg")
        if algorithm in algorithms and not candidates(keys, str(algorithm), header.get("kid")):
            keys = self._keys(newer_than=self.documents.clock())
        return verified(token, keys, algorithms, types=types)

    def _keys(self, newer_than: float | None = None) -> list[dict[str, Any]]:
        found = self.documents.get(self.url, newer_than=newer_than).get("keys")
        if not isinstance(found, list):
            raise FetchRefused(f"{self.url} is no JWK Set")
        return objects_of(found)


def keys_of(issuer: TrustedIssuer, documents: DocumentCache) -> IssuerKeys:
    """An issuer's keys, by its metadata if it names no URL. Raises `FetchRefused`, and
    `TokenInvalid` if its metadata is another's."""
    if issuer.jwks_uri is not None:
        return IssuerKeys(issuer.jwks_uri, documents)
    return IssuerKeys(str(metadata_of(issuer.issuer, documents)["jwks_uri"]), documents)


def metadata_of(issuer: str, documents: DocumentCache) -> dict[str, Any]:
    """An issuer's metadata (RFC 8414; OpenID Connect Discovery). Raises `FetchRefused`, and
    `TokenInvalid` if it is another's."""
    refused: FetchRefused | None = None
    for url in metadata_urls(issuer):
        try:
            found = documents.get(url)
        except FetchRefused as error:
            refused = error
            continue
        if found.get("issuer") != issuer:
            raise TokenInvalid(f"the metadata at {url} is of another issuer")
        if not safe_url(str(found.get("jwks_uri"))):
            raise FetchRefused(f"{url} names no jwks_uri")
        return found
    raise refused or FetchRefused(f"{issuer} has no metadata")


def metadata_urls(issuer: str) -> tuple[str, ...]:
    """Where an issuer's metadata may be (MCP 2025-11-25, basic/authorization)."""
    parts = urlsplit(issuer)
    root, path = f"{parts.scheme}://{parts.netloc}", parts.path.rstrip("/")
    oauth, oidc = "/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"
    urls = (root + oauth + path, root + oidc + path, root + path + oidc)
    return tuple(dict.fromkeys(urls))
