"""Logs in to a server with the official MCP Python SDK 2.x.

`login_mcp2.py auto|legacy URL`: how it shakes hands, once it is let in.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import AuthorizationCodeResult, OAuthClientMetadata

from .login import METADATA, Call, Login, run


async def main() -> None:
    mode, url = sys.argv[1:]

    @asynccontextmanager
    async def connect(provider: OAuthClientProvider) -> AsyncIterator[Call]:
        async with create_mcp_http_client(auth=provider) as http:
            link = streamable_http_client(url, http_client=http)
            async with Client(link, mode=mode) as client:

                async def call(tool: str) -> dict[str, Any]:
                    result = await client.call_tool(tool, {})
                    return result.model_dump(mode="json", by_alias=True)

                yield call

    def made(redirect: Any, callback: Any, storage: Any) -> OAuthClientProvider:
        metadata = OAuthClientMetadata.model_validate(METADATA)
        return OAuthClientProvider(url, metadata, storage, redirect, callback)

    await run(Login(url, connect, made, AuthorizationCodeResult.model_validate))


anyio.run(main)
