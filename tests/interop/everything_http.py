"""The server with one of everything, for any ASGI server."""

from zcp_transport_http.app import create_asgi_app

from .everything_server import app

application = create_asgi_app(app)
