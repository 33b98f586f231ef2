"""What an operator can say about the store."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from attrs import frozen
from zcp_kernel.errors import ConfigError

__all__ = ["StoreConfig", "path_of"]


@frozen
class StoreConfig:
    """Section `[store]`: one file for tasks, handles and event streams.

    `url` names it (`sqlite:///zcp.db` beside the program, `sqlite:////var/lib/zcp.db` elsewhere);
    None keeps everything in memory. `busy_timeout_seconds` is how long a write waits for another
    process.
    """

    url: str | None = None
    busy_timeout_seconds: float = 10.0


def path_of(url: str) -> Path:
    """The file a `sqlite://` URL names. Raises `ConfigError` for any other."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.scheme != "sqlite" or parts.netloc or len(path) < 2 or parts.query:
        raise ConfigError(
            f"[store] url = {url!r}: write sqlite:///FILE, or sqlite:////ABSOLUTE/FILE"
        )
    return Path(path[1:])
