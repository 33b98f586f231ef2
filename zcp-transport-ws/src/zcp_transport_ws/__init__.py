"""WebSocket for ZCP servers and clients; names are imported when first used."""

from typing import TYPE_CHECKING

from zcp_kernel.lazy import names_on_demand

__version__ = "1.0.0"

if TYPE_CHECKING:
    from .client import websocket_client as websocket_client
    from .config import WebSocketConfig as WebSocketConfig
    from .inprocess import websocket_server as websocket_server
    from .server.standalone import serve_websocket as serve_websocket
else:
    __getattr__, __dir__ = names_on_demand(
        globals(),
        {
            "WebSocketConfig": "config",
            "serve_websocket": "server.standalone",
            "websocket_client": "client",
            "websocket_server": "inprocess",
        },
    )
