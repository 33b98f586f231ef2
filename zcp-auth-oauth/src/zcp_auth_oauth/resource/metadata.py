"""What this server says of itself as a resource (RFC 9728)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from attrs import frozen
from starlette.responses import JSONResponse

from ..config import ALGORITHMS
from ..policy.resources import Resources

WELL_KNOWN = "/.well-known/oauth-protected-resource"


@frozen
class ResourceMetadata:
    """The metadata document: at its root for the server as a whole, and with the path of each
    endpoint for that one (RFC 9728, section 3.1)."""

    resources: Resources
    paths: tuple[str, ...]
    servers: tuple[str, ...]
    scopes: Callable[[], Iterable[str]]
    dpop_required: bool = False
    name: str | None = None

    def url_for(self, path: str) -> str:
        """Where the metadata of what was asked for at `path` is."""
        parts = urlsplit(self.resources.base)
        for known in self.paths:
            if path == known or path.endswith(known):
                return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path}{known}"
        return f"{parts.scheme}://{parts.netloc}{WELL_KNOWN}{parts.path}"

    def target_for(self, path: str) -> str:
        """The URL a client knows `path` by."""
        parts = urlsplit(self.resources.base)
        for known in self.paths:
            if path == known or path.endswith(known):
                return self.resources.base + known
        return f"{parts.scheme}://{parts.netloc}{path}"

    def document(self, path: str) -> dict[str, Any] | None:
        """The document for a path below the well-known one; None if nothing is there."""
        base = urlsplit(self.resources.base).path
        inner = path.removeprefix(base) if base and path.startswith(base) else path
        if inner not in ("", *self.paths):
            return None
        told: dict[str, Any] = {
            "resource": self.resources.base + inner,
            "authorization_servers": list(self.servers),
            "scopes_supported": list(self.scopes()) or None,
            "bearer_methods_supported": ["header"],
            "dpop_signing_alg_values_supported": list(ALGORITHMS),
            "dpop_bound_access_tokens_required": self.dpop_required or None,
            "resource_name": self.name,
        }
        return {name: value for name, value in told.items() if value is not None}

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        path = scope["path"][len(scope.get("root_path", "")) :].rstrip("/")
        document = self.document(path)
        if document is None:
            response = JSONResponse({"error": "there is no such resource"}, 404)
        elif scope["method"] not in ("GET", "HEAD"):
            response = JSONResponse({"error": "use GET"}, 405, {"allow": "GET, HEAD"})
        else:
            response = JSONResponse(document, headers={"cache-control": "max-age=300"})
        await response(scope, receive, send)
