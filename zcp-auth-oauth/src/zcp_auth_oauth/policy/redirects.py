"""Where a browser may be sent (RFC 9700, section 2.1; RFC 8252, section 7)."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from ..config import is_loopback

LONGEST = 2000
_FORBIDDEN_SCHEMES = frozenset(
    {"javascript", "data", "vbscript", "file", "blob", "about", "ws", "wss", "ftp", "mailto"}
)


def fault_of(uri: str) -> str | None:
    """What is wrong with a redirect URI to register; None if it can be used.

    Allowed are https, http on this machine, and private schemes with a dot in their name (RFC 8252,
    section 7.1), none with a fragment, a user, or anything a browser reads otherwise than we do.
    """
    if len(uri) > LONGEST:
        return "is too long"
    if any(c <= " " or c >= "\x7f" or c in '\\"<>^`{|}*' for c in uri):
        return "has characters that do not belong in a URL"
    try:
        parts = urlsplit(uri)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is no URL"
    if "#" in uri:
        return "has a fragment"
    if parts.scheme in _FORBIDDEN_SCHEMES or not parts.scheme:
        return "has a scheme that cannot be redirected to"
    if parts.scheme in ("http", "https"):
        return _fault_of_web(parts.scheme, parts.netloc, host, uri)
    if "." not in parts.scheme:
        return "has a private scheme without a dot; use your domain's name, reversed"
    return None


def _fault_of_web(scheme: str, netloc: str, host: str | None, uri: str) -> str | None:
    if "@" in netloc:
        return "names a user"
    if not host or not uri.lower().startswith(f"{scheme}://"):
        return "has no host"
    if scheme == "http" and not is_loopback(host):
        return "is http on another machine; use https"
    return None


def matches(registered: Iterable[str], uri: str) -> bool:
    """Whether `uri` is exactly one of those registered; on a loopback address its port is free (RFC
    8252, section 7.3)."""
    known = list(registered)
    if uri in known:
        return True
    anywhere = without_port(uri)
    return anywhere is not None and anywhere in {without_port(one) for one in known}


def without_port(uri: str) -> str | None:
    """A loopback URI without its port; None for every other."""
    if fault_of(uri) is not None:
        return None
    parts = urlsplit(uri)
    if parts.scheme != "http" or not is_loopback(parts.hostname):
        return None
    host, _, tail = parts.netloc.rpartition(":")
    netloc = host if tail.isdigit() and host else parts.netloc
    return parts._replace(netloc=netloc).geturl()


def is_native(uri: str) -> bool:
    """Whether any program of the user's machine could be listening there."""
    parts = urlsplit(uri)
    return parts.scheme not in ("https",) or is_loopback(parts.hostname)


def remembered_as(uri: str) -> str:
    """What a consent remembers of where it sent the user."""
    return without_port(uri) or uri


def origin_of(uri: str) -> str:
    """What a page may submit to that ends at this URI (CSP, `form-action`)."""
    parts = urlsplit(uri)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else f"{parts.scheme}:"
