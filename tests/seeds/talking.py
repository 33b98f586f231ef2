"""An app of the product's own plugins, and a client of it in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from zcp_kernel.client import ZCPClientSession

from zcp import FastZCP, stdio_client, stdio_server

ANYTHING = {"type": "object"}
"""An input schema that leaves everything open."""


@asynccontextmanager
async def talking_to(
    app: FastZCP, config: Any = None, **hooks: Any
) -> AsyncIterator[ZCPClientSession]:
    async with stdio_server(app, config) as server, stdio_client(server, **hooks) as client:
        yield client


def value_of(result: dict[str, Any]) -> Any:
    """The structured result of a call that succeeded."""
    assert result["isError"] is False, result
    return result["structuredContent"]
