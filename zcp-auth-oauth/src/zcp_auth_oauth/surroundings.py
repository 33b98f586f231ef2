"""What authorization has to know of the server it is part of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from zcp_kernel.config import ServerConfig
    from zcp_kernel.runtime import Kernel

_PATHS = (
    ("http", "mcp_path"), ("http", "zcp_path"), ("sse", "path"), ("sse", "message_path"),
    ("websocket", "path"), ("http", "metrics_path"),
)  # fmt: skip
"""Sections of transports, where they are installed, and the settings that hold their paths."""


def endpoint_paths(config: ServerConfig) -> tuple[str, ...]:
    """The paths tokens are presented at."""
    found = [
        str(getattr(config.section(section), name, ""))
        for section, name in _PATHS
        if section in config.classes
    ]
    return tuple(dict.fromkeys(path for path in found if path))


def base_url(config: ServerConfig, stated: str | None, issuer: str | None) -> str | None:
    """The URL of this server: as stated, or as the HTTP transport is known, or where its issuer
    is."""
    if stated is not None:
        return stated
    public: Any = None
    if "http" in config.classes:
        public = getattr(config.section("http"), "public_url", None)
    if public:
        return str(public).rstrip("/")
    if issuer is None:
        return None
    parts = urlsplit(issuer)
    return f"{parts.scheme}://{parts.netloc}"


def required_scopes(kernel: Kernel) -> Iterable[str]:
    """Every scope something of this server asks for now, in order."""
    registry = kernel.registry
    catalogues = (
        registry.tools, registry.resources, registry.templates, registry.prompts,
        registry.task_kinds,
    )  # fmt: skip
    return sorted({scope for each in catalogues for item in each for scope in item.required_scopes})


def title_of(kernel: Kernel) -> str:
    """What users know this server by."""
    for dialect in kernel.dialects.values():
        info = kernel.introduction(dialect.revision()).server_info
        return info.title or info.name
    return "this server"
