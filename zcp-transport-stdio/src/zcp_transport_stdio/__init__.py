"""stdio for ZCP servers and clients; names are imported when first used.

`run_mcp_stdio_server_sync(app)` serves on the process's own standard streams;
`stdio_client(command)` starts a server as a subprocess and opens a session with it.
"""

from typing import TYPE_CHECKING

from zcp_kernel.lazy import names_on_demand

__version__ = "1.0.0"

if TYPE_CHECKING:
    from .client import stdio_client as stdio_client
    from .config import StdioConfig as StdioConfig
    from .inprocess import stdio_server as stdio_server
    from .process import open_process as open_process
    from .server import run_mcp_stdio_server as run_mcp_stdio_server
    from .server import run_mcp_stdio_server_sync as run_mcp_stdio_server_sync
else:
    __getattr__, __dir__ = names_on_demand(
        globals(),
        {
            "StdioConfig": "config",
            "open_process": "process",
            "run_mcp_stdio_server": "server",
            "run_mcp_stdio_server_sync": "server",
            "stdio_client": "client",
            "stdio_server": "inprocess",
        },
    )
