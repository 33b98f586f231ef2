"""Finding a client, and what it may do."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from ..digests import digest_of, same
from ..fetch.guard import FetchRefused
from ..models import OAuthClient
from ..policy import redirects
from ..policy.registration import MetadataRefused, client_of
from .parts import Parts
from .toolkit import InvalidClientError, plain


class KnownClient:
    """A client as authlib's grants ask it (its `ClientMixin`)."""

    def __init__(self, client: OAuthClient, now: float) -> None:
        self.client = client
        self._now = now

    @property
    def client_id(self) -> str:
        return self.client.client_id

    def get_client_id(self) -> str:
        return self.client.client_id

    def get_default_redirect_uri(self) -> str | None:
        uris = self.client.redirect_uris
        return uris[0] if len(uris) == 1 else None

    def get_allowed_scope(self, scope: str | None) -> str:
        return scope or ""

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirects.matches(self.client.redirect_uris, redirect_uri)

    def check_client_secret(self, client_secret: str) -> bool:
        stored, ends = self.client.secret_digest, self.client.secret_expires_at
        current = ends is None or ends > self._now
        return same(digest_of(client_secret), stored or b"") and current

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return self.client.token_endpoint_auth_method == method

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type in self.client.grant_types


class Clients:
    """Clients that are stored, and those whose id is the URL of their metadata."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def find(self, client_id: str) -> OAuthClient | None:
        """The client. Raises `InvalidClientError` if it has a document that is no good."""
        found = self._parts.provider.get_client(client_id)
        if found is None and self._parts.settings.client_documents and is_document_url(client_id):
            return self._from_document(client_id)
        return found

    def known(self, client_id: str) -> KnownClient | None:
        """`find`, for authlib."""
        found = self.find(client_id)
        return None if found is None else KnownClient(found, self._parts.clock())

    def jwks(self, client: OAuthClient, newer_than: float | None = None) -> list[dict[str, Any]]:
        """The client's public keys. Raises `FetchRefused`."""
        document: dict[str, Any] = client.jwks or {}
        if client.jwks is None and client.jwks_uri is not None:
            document = self._parts.documents.get(client.jwks_uri, newer_than=newer_than)
        return [key for key in document.get("keys", []) if isinstance(key, dict)]

    def _from_document(self, client_id: str) -> OAuthClient:
        """A client ID metadata document (draft-ietf-oauth-client-id-metadata-document)."""
        try:
            document = self._parts.documents.get(client_id)
            if document.get("client_id") != client_id:
                raise MetadataRefused("client_id", "the document names another client_id")
            if "client_secret" in document:
                raise MetadataRefused("client_secret", "a public document cannot hold a secret")
            defaults = {"token_endpoint_auth_method": "none", **document}
            if str(defaults["token_endpoint_auth_method"]).startswith("client_secret"):
                raise MetadataRefused("token_endpoint_auth_method", "such a client has no secret")
            return client_of(defaults, client_id, origin="document")
        except (FetchRefused, MetadataRefused) as refused:
            raise InvalidClientError(plain(f"the client metadata document: {refused}")) from None


def is_document_url(client_id: str) -> bool:
    """Whether a client id is the URL of a document: https, with a path, and nothing a second
    reader could understand otherwise."""
    try:
        parts = urlsplit(client_id)
        odd = parts.username or parts.password or parts.fragment or "#" in client_id
        dots = any(part in (".", "..") for part in parts.path.split("/"))
        has_path = parts.path not in ("", "/")
        return parts.scheme == "https" and bool(parts.hostname) and has_path and not (odd or dots)
    except ValueError:
        return False
