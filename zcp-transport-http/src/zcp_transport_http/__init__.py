"""HTTP for ZCP servers and clients; names are imported when first used."""

from typing import TYPE_CHECKING

from zcp_kernel.lazy import names_on_demand

__version__ = "1.0.0"

if TYPE_CHECKING:
    from .client.clients import sse_client as sse_client
    from .client.clients import streamable_http_client as streamable_http_client
    from .client.inprocess import sse_server as sse_server
    from .client.inprocess import streamable_http_server as streamable_http_server
    from .client.network import NetworkOptions as NetworkOptions
else:
    __getattr__, __dir__ = names_on_demand(
        globals(),
        {
            "NetworkOptions": "client.network",
            "sse_client": "client.clients",
            "sse_server": "client.inprocess",
            "streamable_http_client": "client.clients",
            "streamable_http_server": "client.inprocess",
        },
    )
