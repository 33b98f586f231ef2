"""What the processes of these tests serve."""

import os

from ws_kitchen import Kitchen
from zcp_kernel.config import ServerConfig
from zcp_transport_http.app import create_asgi_app

kitchen = Kitchen()
app = kitchen.app
application = create_asgi_app(app, ServerConfig.load(app.host, environ=os.environ))
