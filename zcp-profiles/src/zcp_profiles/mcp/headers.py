"""Values of MCP's HTTP headers (2026-07-28, basic/transports/streamable-http, "Value Encoding")."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping

from .failures import HeaderMismatch

VERSION = "mcp-protocol-version"
METHOD = "mcp-method"
NAME = "mcp-name"
PARAMETER = "mcp-param-"

_OPEN, _CLOSE = "=?base64?", "?="
_SPACE = " \t"

MAX_SHOWN = 100
"""Characters of a value shown in an error's message."""


def plain(headers: Mapping[str, str], name: str) -> str | None:
    """A header's value without the whitespace around it (RFC 9110, section 5.5); None if absent."""
    value = headers.get(name)
    return None if value is None else value.strip(_SPACE)


def text(headers: Mapping[str, str], name: str) -> str | None:
    """`plain` for a header whose value may be base64 between sentinels.

    Raises `HeaderMismatch` for characters no header may hold and for what is not base64 of UTF-8.
    """
    value = plain(headers, name)
    if value is None:
        return None
    if not (value.startswith(_OPEN) and value.endswith(_CLOSE) and len(value) > len(_OPEN) + 1):
        seen = value.replace("\t", " ")
        if not (seen.isascii() and seen.isprintable()):
            raise HeaderMismatch(f"invalid: header {name} holds characters no header may hold")
        return value
    try:
        return base64.b64decode(value[len(_OPEN) : -len(_CLOSE)], validate=True).decode()
    except (binascii.Error, ValueError):
        raise HeaderMismatch(f"invalid: header {name} is not base64 of UTF-8") from None


def encoded(value: str) -> str:
    """A value as a header can carry it: as it is, or base64 of UTF-8 between sentinels where it has
    characters no header may hold, whitespace at an end, or looks like such base64 itself."""
    sentinel = value.startswith(_OPEN) and value.endswith(_CLOSE)
    if value.isascii() and value.isprintable() and value == value.strip(" ") and not sentinel:
        return value
    return f"{_OPEN}{base64.b64encode(value.encode('utf-8', 'surrogatepass')).decode()}{_CLOSE}"


def expect(headers: Mapping[str, str], name: str, wanted: str, *, encoded: bool = False) -> None:
    """Check that a header is there and says what the body says; raises `HeaderMismatch`."""
    if headers.get(name) == wanted and not (encoded and _is_special(wanted)):
        return
    found = text(headers, name) if encoded else plain(headers, name)
    if found is None:
        raise HeaderMismatch(f"missing: header {name}")
    if found != wanted:
        raise mismatch(name, found, wanted)


def _is_special(value: str) -> bool:
    """Whether a header cannot carry it as it is, or would mean something else."""
    return value.startswith(_OPEN) or not (value.isascii() and value.isprintable())


def mismatch(name: str, found: str, wanted: str) -> HeaderMismatch:
    shown = found[:MAX_SHOWN]
    return HeaderMismatch(f"invalid: header {name} is {shown!r}, the body {wanted[:MAX_SHOWN]!r}")
