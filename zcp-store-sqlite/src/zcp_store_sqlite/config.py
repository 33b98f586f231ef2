"""The configuration section `store`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from attrs import frozen
from attrs.validators import ge, gt, optional
from zcp_kernel.config import setting
from zcp_kernel.errors import ConfigError

__all__ = ["StoreConfig", "path_of"]

MIN_BYTES = 1024 * 1024


@frozen
class StoreConfig:
    """One file for all that must outlive a request or a process."""

    url: str | None = setting(
        None,
        "The file: `sqlite:///zcp.db` beside the program, `sqlite:////var/lib/zcp.db` elsewhere; "
        "None keeps everything in memory.",
    )
    max_bytes: int | None = setting(
        None,
        "Largest the file may get; None leaves that to the disk.",
        unit="bytes",
        check=optional(ge(MIN_BYTES)),
    )
    key: str | None = setting(
        None,
        "Seals inputs and results of tasks at rest: at least 16 random characters.",
        secret=True,
    )
    former_keys: tuple[str, ...] = setting(
        (), "Keys that still open what they sealed.", secret=True
    )
    busy_timeout_seconds: float = setting(
        10.0, "How long a write waits for another process.", unit="seconds", check=gt(0)
    )


def path_of(url: str) -> Path:
    """The file a `sqlite://` URL names. Raises `ConfigError` for any other."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.scheme != "sqlite" or parts.netloc or len(path) < 2 or parts.query:
        raise ConfigError(
            f"[store] url = {url!r}: write sqlite:///FILE, or sqlite:////ABSOLUTE/FILE"
        )
    return Path(path[1:])
