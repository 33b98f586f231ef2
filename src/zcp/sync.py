"""The client without `async`: `with zcp.sync.connect(target) as client: client.list_tools()`."""

from __future__ import annotations

from zcp_kernel.blocking import BlockingSession, BlockingTask, connect

__all__ = ["BlockingSession", "BlockingTask", "connect"]
