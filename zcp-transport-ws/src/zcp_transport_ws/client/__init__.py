"""The client's side: `websocket_client` and what it opens sockets with."""

from .session import websocket_client

__all__ = ["websocket_client"]
