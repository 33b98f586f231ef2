"""`WWW-Authenticate`, read (RFC 9110, section 11.6.1; RFC 6750, section 3; RFC 9728, section
5.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from attrs import field, frozen

LONGEST = 16_384
_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'({_TOKEN})[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))')
_SCHEME = re.compile(rf"({_TOKEN})(?:[ \t]+|$|(?=,))")
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*[ \t]*(?=,|$)")
_GAP = re.compile(r"[ \t,]+")
_ESCAPE = re.compile(r"\\(.)")


@frozen
class Challenge:
    """One scheme a server accepts, in lower case, and what it says about it."""

    scheme: str
    parameters: Mapping[str, str] = field(factory=dict[str, str])


@frozen
class Demand:
    """What a refusal says to somebody with OAuth tokens.

    `scopes` None: none are named. `schemes` are those of tokens the server takes: `bearer`, `dpop`.
    """

    error: str | None = None
    scopes: tuple[str, ...] | None = None
    metadata_url: str | None = None
    schemes: frozenset[str] = frozenset()


def read(header: str) -> list[Challenge]:
    """The challenges of a field; what cannot be read ends it."""
    found: list[Challenge] = []
    text, place = header[:LONGEST], 0
    while place < len(text):
        if (gap := _GAP.match(text, place)) is not None:
            place = gap.end()
            continue
        parameter = _PARAMETER.match(text, place)
        if parameter is not None and found:
            name, quoted, plain = parameter.groups()
            value = plain if quoted is None else _ESCAPE.sub(r"\1", quoted)
            last = found[-1]
            found[-1] = Challenge(last.scheme, {name.lower(): value, **last.parameters})
            place = parameter.end()
            continue
        scheme = _SCHEME.match(text, place)
        if scheme is None:
            break
        found.append(Challenge(scheme[1].lower()))
        place = scheme.end()
        if (credential := _TOKEN68.match(text, place)) is not None:
            place = credential.end()
    return found


def demand_of(headers: Mapping[str, str]) -> Demand:
    """What the challenges for tokens come to; of several, the first that says a thing counts."""
    ours = [one for one in read(headers.get("www-authenticate", "")) if _is_token(one.scheme)]
    scope = _first(ours, "scope")
    return Demand(
        error=_first(ours, "error"),
        scopes=tuple(dict.fromkeys(scope.split())) if scope else None,
        metadata_url=_first(ours, "resource_metadata"),
        schemes=frozenset(one.scheme for one in ours),
    )


def _is_token(scheme: str) -> bool:
    return scheme in ("bearer", "dpop")


def _first(challenges: Iterable[Challenge], name: str) -> str | None:
    return next((one.parameters[name] for one in challenges if name in one.parameters), None)
