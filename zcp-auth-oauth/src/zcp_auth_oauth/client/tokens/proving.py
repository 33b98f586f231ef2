"""How a client proves at a token endpoint who it is (RFC 6749, section 2.3; RFC 7523, section
2.2)."""

from __future__ import annotations

import secrets
from base64 import b64encode
from collections.abc import Sequence
from typing import Any, Literal
from urllib.parse import quote_plus

from joserfc import jwk, jwt
from joserfc.errors import JoseError

from ..errors import OAuthError, RegistrationFailed
from ..session import ClientIdentity

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_SECONDS = 60
NONE, BASIC, POST, PRIVATE_KEY = (
    "none", "client_secret_basic", "client_secret_post", "private_key_jwt"
)  # fmt: skip


def method_for(client: ClientIdentity, supported: Sequence[str] | None) -> str:
    """How this client proves itself where these methods are supported (None: the server does not
    say, which means Basic, RFC 8414, section 2). Raises `RegistrationFailed`."""
    if client.method is not None:
        return client.method
    if client.private_key is not None:
        able = [PRIVATE_KEY]
    elif client.secret is not None:
        able = [BASIC, POST]
    else:
        able = [NONE]
    if supported is None or able == [NONE]:
        return able[0]
    for method in able:
        if method in supported:
            return method
    raise RegistrationFailed(
        f"the authorization server accepts {', '.join(supported) or 'nothing'}, and "
        f"{client.client_id} can prove itself by {' or '.join(able)} only"
    )


def proof_of(
    client: ClientIdentity, method: str, issuer: str, now: float
) -> tuple[dict[str, str], dict[str, str]]:
    """The form fields and header fields that prove it. Raises `OAuthError` for a key that cannot
    sign."""
    if method == BASIC:
        if client.secret is None:
            raise OAuthError(f"{client.client_id} has no secret to prove itself with")
        pair = f"{quote_plus(client.client_id)}:{quote_plus(client.secret)}"
        return {}, {"authorization": f"Basic {b64encode(pair.encode()).decode()}"}
    if method == POST:
        if client.secret is None:
            raise OAuthError(f"{client.client_id} has no secret to prove itself with")
        return {"client_id": client.client_id, "client_secret": client.secret}, {}
    if method == PRIVATE_KEY:
        return {
            "client_id": client.client_id,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": _assertion(client, issuer, now),
        }, {}
    if method == NONE:
        return {"client_id": client.client_id}, {}
    raise RegistrationFailed(f"a client that proves itself by {method} is not supported")


def _assertion(client: ClientIdentity, issuer: str, now: float) -> str:
    """A JWT of RFC 7523, section 3, made for the issuer (MCP ext-auth, client credentials)."""
    claims: dict[str, Any] = {
        "iss": client.client_id,
        "sub": client.client_id,
        "aud": issuer,
        "iat": int(now),
        "exp": int(now) + ASSERTION_SECONDS,
        "jti": secrets.token_urlsafe(16),
    }
    try:
        key = _key(client.private_key, client.algorithm)
        header: dict[str, Any] = {"alg": client.algorithm, "typ": "JWT"}
        if key.kid:
            header["kid"] = key.kid
        return jwt.encode(header, claims, key, algorithms=[client.algorithm])
    except (ValueError, TypeError, JoseError) as error:
        raise OAuthError(
            f"the private key of {client.client_id} cannot sign with {client.algorithm}: "
            f"{type(error).__name__}"
        ) from None


def _key(given: Any, algorithm: str) -> Any:
    if not isinstance(given, (str, bytes)):
        return jwk.import_key(given)
    kind: Literal["EC", "RSA", "OKP"] = "OKP"
    if algorithm.startswith("ES"):
        kind = "EC"
    elif algorithm.startswith(("RS", "PS")):
        kind = "RSA"
    return jwk.import_key(given, kind)
