"""What is used of authlib's framework-neutral core, with its types.

authlib has none of its own; this is the one place that imports it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    class OAuth2Error(Exception):
        error: str
        description: str
        redirect_uri: str | None
        status_code: int

        def __init__(
            self, description: str | None = None, *, status_code: int | None = None
        ) -> None: ...
        def get_body(self) -> list[tuple[str, str]]: ...
        def get_headers(self) -> list[tuple[str, str]]: ...

    class AccessDeniedError(OAuth2Error): ...

    class InvalidClientError(OAuth2Error): ...

    class InvalidGrantError(OAuth2Error): ...

    class InvalidRequestError(OAuth2Error): ...

    class InvalidScopeError(OAuth2Error): ...

    class UnauthorizedClientError(OAuth2Error): ...

    class OAuth2Payload:
        @property
        def state(self) -> str | None: ...

    class OAuth2Request:
        method: str
        headers: dict[str, str]
        payload: Any
        client: Any
        auth_method: str | None
        user: Any
        authorization_code: Any
        refresh_token: Any
        scope: str | None

        def __init__(
            self, method: str, uri: str, body: Any = None, headers: dict[str, str] | None = None
        ) -> None: ...

    class AuthorizationServer:
        def __init__(self, scopes_supported: Sequence[str] | None = None) -> None: ...
        def register_grant(self, grant: type, extensions: Sequence[Any] | None = None) -> None: ...
        def register_endpoint(self, endpoint: type) -> None: ...
        def register_client_auth_method(
            self, method: str, function: Callable[[Any, Any], Any]
        ) -> None: ...
        def authenticate_client(
            self, request: Any, methods: Sequence[str], endpoint: str = "token"
        ) -> Any: ...
        def get_consent_grant(self, request: Any = None, end_user: Any = None) -> Any: ...
        def create_token_response(self, request: Any = None) -> Any: ...
        def create_endpoint_response(self, name: str, request: Any = None) -> Any: ...

    class BaseGrant:
        request: Any
        server: Any
        TOKEN_RESPONSE_HEADER: list[tuple[str, str]]

        def __init__(self, request: Any, server: Any) -> None: ...
        def authenticate_token_endpoint_client(self) -> Any: ...

    class TokenEndpointMixin: ...

    class AuthorizationCodeGrant(BaseGrant, TokenEndpointMixin): ...

    class RefreshTokenGrant(BaseGrant, TokenEndpointMixin): ...

    class ClientCredentialsGrant(BaseGrant, TokenEndpointMixin): ...

    class CodeChallenge:
        def __init__(self, required: bool = True) -> None: ...
        def validate_code_challenge(self, grant: Any, redirect_uri: Any) -> None: ...

    class RevocationEndpoint:
        server: Any

    class IntrospectionEndpoint:
        server: Any

else:
    from authlib.oauth2 import OAuth2Error
    from authlib.oauth2.rfc6749 import (
        AccessDeniedError,
        AuthorizationServer,
        BaseGrant,
        InvalidClientError,
        InvalidGrantError,
        InvalidRequestError,
        InvalidScopeError,
        OAuth2Payload,
        OAuth2Request,
        TokenEndpointMixin,
        UnauthorizedClientError,
    )
    from authlib.oauth2.rfc6749.grants import (
        AuthorizationCodeGrant,
        ClientCredentialsGrant,
        RefreshTokenGrant,
    )
    from authlib.oauth2.rfc7009 import RevocationEndpoint
    from authlib.oauth2.rfc7636 import CodeChallenge
    from authlib.oauth2.rfc7662 import IntrospectionEndpoint


class InvalidTargetError(OAuth2Error):
    """The resource is not one tokens are issued for (RFC 8707, section 2)."""

    error = "invalid_target"


class DPoPError(OAuth2Error):
    """The proof is missing, or proves nothing (RFC 9449, section 5)."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error = error


def plain(text: str) -> str:
    """A description that may go into an error answer (RFC 6749, section 5.2): ASCII without quotes
    and backslashes."""
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "_" for c in text)


__all__ = [
    "AccessDeniedError",
    "AuthorizationCodeGrant",
    "AuthorizationServer",
    "BaseGrant",
    "ClientCredentialsGrant",
    "CodeChallenge",
    "DPoPError",
    "IntrospectionEndpoint",
    "InvalidClientError",
    "InvalidGrantError",
    "InvalidRequestError",
    "InvalidScopeError",
    "InvalidTargetError",
    "OAuth2Error",
    "OAuth2Payload",
    "OAuth2Request",
    "RefreshTokenGrant",
    "RevocationEndpoint",
    "TokenEndpointMixin",
    "UnauthorizedClientError",
    "plain",
]
