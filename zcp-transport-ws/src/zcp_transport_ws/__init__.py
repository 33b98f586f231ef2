"""WebSocket for ZCP servers and clients; names are imported when first used."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "1.0.0"

if TYPE_CHECKING:
    from .client import websocket_client as websocket_client
    from .config import WebSocketConfig as WebSocketConfig
    from .inprocess import websocket_server as websocket_server
    from .server.standalone import serve_websocket as serve_websocket
else:
    _HOMES = {
        "WebSocketConfig": "config",
        "serve_websocket": "server.standalone",
        "websocket_client": "client",
        "websocket_server": "inprocess",
    }

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *_HOMES})
