"""Which scopes a grant gets: asked for, and allowed to the client, and to the user."""

from __future__ import annotations

import re
from collections.abc import Iterable

_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]{1,256}")
MOST_SCOPES = 100
OFFLINE = "offline_access"


class ScopeRefused(ValueError):
    """The scope parameter is malformed, or names scopes that do not exist."""


def parsed(text: str | None) -> tuple[str, ...]:
    """The scopes of a `scope` parameter, each once, in order (RFC 6749, section 3.3). Raises
    `ScopeRefused`."""
    names = tuple(dict.fromkeys((text or "").split(" "))) if text else ()
    names = tuple(name for name in names if name)
    if len(names) > MOST_SCOPES or not all(_SCOPE.fullmatch(name) for name in names):
        raise ScopeRefused("the scope parameter is malformed")
    return names


def grantable(
    asked: Iterable[str],
    supported: Iterable[str],
    *limits: Iterable[str] | None,
) -> tuple[str, ...]:
    """Those of `asked` that exist and that every limit (of a client, of a user; None: no limit)
    allows. Raises `ScopeRefused` if one does not exist."""
    wanted: tuple[str, ...] = tuple(asked)
    known = {*supported, OFFLINE}
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise ScopeRefused(f"unknown scopes: {' '.join(unknown)}")
    for limit in limits:
        if limit is not None:
            allowed = {*limit, OFFLINE}
            wanted = tuple(name for name in wanted if name in allowed)
    return wanted
