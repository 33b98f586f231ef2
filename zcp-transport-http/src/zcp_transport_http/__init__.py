"""HTTP for ZCP servers and clients; names are imported when first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "1.0.0"

if TYPE_CHECKING:
    from .inprocess import sse_client as sse_client
    from .inprocess import sse_server as sse_server
    from .inprocess import streamable_http_client as streamable_http_client
    from .inprocess import streamable_http_server as streamable_http_server
else:
    _HOMES = {
        "sse_client": "inprocess",
        "sse_server": "inprocess",
        "streamable_http_client": "inprocess",
        "streamable_http_server": "inprocess",
    }

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOMES})
