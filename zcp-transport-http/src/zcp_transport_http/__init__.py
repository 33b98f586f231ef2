"""HTTP for ZCP servers and clients; names are imported when first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "1.0.0"

if TYPE_CHECKING:
    from .client.clients import sse_client as sse_client
    from .client.clients import streamable_http_client as streamable_http_client
    from .client.inprocess import sse_server as sse_server
    from .client.inprocess import streamable_http_server as streamable_http_server
    from .client.network import NetworkOptions as NetworkOptions
else:
    _HOMES = {
        "NetworkOptions": "client.network",
        "sse_client": "client.clients",
        "sse_server": "client.inprocess",
        "streamable_http_client": "client.clients",
        "streamable_http_server": "client.inprocess",
    }

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOMES})
