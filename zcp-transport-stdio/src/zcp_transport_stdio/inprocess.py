"""A server in this very process, behind the same face as one in a subprocess."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zcp_kernel.inprocess import InProcessServer

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP


class StdioServer(InProcessServer):
    """An `InProcessServer`: frames go through memory instead of pipes."""

    transport = "stdio"


def stdio_server(app: FastZCP, config: Any = None) -> StdioServer:
    """A handle on `app` as a server in this process, for `stdio_client`.

    `config` is what `FastZCP.compose` takes. To serve on the process's own standard streams, use
    `run_mcp_stdio_server`.
    """
    return StdioServer(app, config)
