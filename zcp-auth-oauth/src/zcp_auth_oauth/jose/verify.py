"""Which signed token is believed (RFC 8725).

Rules of this file:
- The algorithms are those the caller names, all of them with a private and a public key; the `alg`
  of the token only chooses among them.
- Keys come from the caller, never from the token (DPoP proofs, which prove a key, say so).
- A key is tried only for its own type and, where both have one, its own `kid`.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping, Sequence
from typing import Any, cast

from joserfc import jwk, jws
from joserfc.errors import JoseError

from ..shapes import strings_of

LONGEST_TOKEN = 16_384

_KEY_TYPES = {"R": "RSA", "P": "RSA", "E": "EC"}


class TokenInvalid(Exception):
    """The token is malformed, not signed by whom it should be, or not for us, or not now."""


def peek(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Header and claims, unverified: to find out whose token it claims to be. Raises
    `TokenInvalid`."""
    if len(token) > LONGEST_TOKEN or token.count(".") != 2:
        raise TokenInvalid("not a JWT")
    header, claims, _ = token.split(".")
    return _object(header), _object(claims)


def verified(
    token: str,
    keys: Sequence[Mapping[str, Any]],
    algorithms: Sequence[str],
    *,
    types: Sequence[str] | None = None,
) -> dict[str, Any]:
    """The claims of a token one of `keys` (public JWKs) signed. `types`: what its header may say it
    is, lower case, without `application/`. Raises `TokenInvalid`."""
    header, _ = peek(token)
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in algorithms:
        raise TokenInvalid(f"the algorithm {algorithm!r} is not accepted")
    if types is not None:
        stated = str(header.get("typ", "")).lower().removeprefix("application/")
        if stated not in types:
            raise TokenInvalid(f"it is of type {stated!r}")
    for key in candidates(keys, algorithm, header.get("kid")):
        try:
            found = jws.deserialize_compact(token, jwk.import_key(dict(key)), [algorithm])
        except (JoseError, ValueError, TypeError):
            continue
        return _claims(found.payload)
    raise TokenInvalid("no key of its issuer made its signature")


def candidates(
    keys: Sequence[Mapping[str, Any]], algorithm: str, kid: object
) -> list[Mapping[str, Any]]:
    """The keys that can have made a signature of this algorithm and key id."""
    kind = "OKP" if algorithm.startswith("Ed") else _KEY_TYPES[algorithm[0]]
    return [
        key
        for key in keys
        if key.get("kty") == kind
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (kid is None or key.get("kid", kid) == kid)
    ]


def check_times(claims: Mapping[str, Any], now: float, leeway: float) -> None:
    """`exp` must be there and lie ahead, `nbf` and `iat` must not. Raises `TokenInvalid`."""
    expires, not_before, issued = (number(claims.get(name)) for name in ("exp", "nbf", "iat"))
    if expires is None:
        raise TokenInvalid("it never ends (no exp)")
    if expires <= now - leeway:
        raise TokenInvalid("it has expired")
    for start in (not_before, issued):
        if start is not None and start > now + leeway:
            raise TokenInvalid("its time has not come yet")


def audience_of(claims: Mapping[str, Any]) -> tuple[str, ...]:
    """The `aud` claim as a tuple; anything that is no string or list of strings counts as none."""
    stated = claims.get("aud")
    return (stated,) if isinstance(stated, str) else tuple(strings_of(stated))


def number(value: Any) -> float | None:
    """A NumericDate; None for anything else."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        claims = json.loads(payload)
    except ValueError:
        raise TokenInvalid("its claims are no JSON") from None
    if not isinstance(claims, dict):
        raise TokenInvalid("its claims are no object")
    return cast("dict[str, Any]", claims)


def _object(part: str) -> dict[str, Any]:
    try:
        return _claims(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except ValueError:
        raise TokenInvalid("not a JWT") from None
