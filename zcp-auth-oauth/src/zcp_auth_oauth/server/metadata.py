"""What the authorization server says of itself (RFC 8414; OpenID Connect Discovery 1.0)."""

from __future__ import annotations

from typing import Any

from ..config import ALGORITHMS
from ..policy.registration import JWT_BEARER, TOKEN_EXCHANGE
from ..policy.scopes import OFFLINE
from .grants.base import AUTH_METHODS, PROVEN_METHODS
from .parts import Parts


def metadata(parts: Parts) -> dict[str, Any]:
    """The metadata document; what is None is left out."""
    settings = parts.settings
    grants = ["authorization_code", "refresh_token", "client_credentials", TOKEN_EXCHANGE]
    if settings.assertion_issuers:
        grants.append(JWT_BEARER)
    told: dict[str, Any] = {
        "issuer": parts.issuer,
        "authorization_endpoint": parts.endpoint("authorize"),
        "token_endpoint": parts.endpoint("token"),
        "revocation_endpoint": parts.endpoint("revoke"),
        "introspection_endpoint": parts.endpoint("introspect"),
        "registration_endpoint": (
            None if settings.registration == "closed" else parts.endpoint("register")
        ),
        "jwks_uri": parts.endpoint("jwks"),
        "scopes_supported": [*parts.supported(), OFFLINE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": grants,
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": AUTH_METHODS,
        "revocation_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": PROVEN_METHODS,
        "introspection_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "dpop_signing_alg_values_supported": list(ALGORITHMS),
        "authorization_response_iss_parameter_supported": True,
        "client_id_metadata_document_supported": settings.client_documents,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [settings.signing_algorithm],
        "protected_resources": [parts.resources.base],
    }
    return {name: value for name, value in told.items() if value is not None}
