"""Where metadata is to be looked for."""

from __future__ import annotations

from urllib.parse import urlsplit

from ...policy.resources import canonical

PROTECTED_RESOURCE = "/.well-known/oauth-protected-resource"
AUTHORIZATION_SERVER = "/.well-known/oauth-authorization-server"
OPENID = "/.well-known/openid-configuration"


def web_url(url: str) -> str:
    """A server's URL in HTTP's schemes, without user, query and fragment: that of a WebSocket is
    its upgrade's."""
    parts = urlsplit(url)
    scheme = {"ws": "http", "wss": "https"}.get(parts.scheme.lower(), parts.scheme.lower())
    netloc = parts.netloc.rpartition("@")[2]
    return canonical(parts._replace(scheme=scheme, netloc=netloc, query="", fragment="").geturl())


def origin(url: str) -> str:
    """Scheme, host and port."""
    parts = urlsplit(canonical(url))
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def resource_metadata_urls(server: str) -> list[str]:
    """Where a resource's metadata is: with its path, then at the root (RFC 9728, section 3.1; MCP
    2025-11-25, basic/authorization, "Protected Resource Metadata Discovery Requirements")."""
    root, path = origin(server), urlsplit(server).path.rstrip("/")
    return list(dict.fromkeys([root + PROTECTED_RESOURCE + path, root + PROTECTED_RESOURCE]))


def issuer_metadata_urls(issuer: str) -> list[str]:
    """Where an issuer's metadata is, in the order to ask (RFC 8414, section 3.1; MCP 2025-11-25,
    "Authorization Server Metadata Discovery")."""
    root, path = origin(issuer), urlsplit(issuer).path.rstrip("/")
    if not path:
        return [root + AUTHORIZATION_SERVER, root + OPENID]
    return [root + AUTHORIZATION_SERVER + path, root + OPENID + path, root + path + OPENID]


def covers(resource: str, server: str) -> bool:
    """Whether a resource is this server, or what it is a part of: same origin, and its path or one
    above it."""
    if origin(resource) != origin(server):
        return False
    above, path = (urlsplit(canonical(one)).path.rstrip("/") for one in (resource, server))
    return path == above or path.startswith(f"{above}/")
