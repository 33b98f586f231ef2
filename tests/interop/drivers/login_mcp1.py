"""Logs in to a server with the official MCP Python SDK 1.x.

`login_mcp1.py sdk URL`: it knows one way to shake hands.
"""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
from mcp import ClientSession
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared._httpx_utils import create_mcp_http_client
from mcp.shared.auth import OAuthClientMetadata

from .login import METADATA, Call, Login, run


async def main() -> None:
    _, url = sys.argv[1:]

    @asynccontextmanager
    async def connect(provider: OAuthClientProvider) -> AsyncIterator[Call]:
        async with (
            create_mcp_http_client(auth=provider) as http,
            streamable_http_client(url, http_client=http) as (incoming, outgoing, _),
            ClientSession(incoming, outgoing) as session,
        ):
            await session.initialize()

            async def call(tool: str) -> dict[str, Any]:
                result = await session.call_tool(tool, {})
                return result.model_dump(mode="json", by_alias=True)

            yield call

    def made(redirect: Any, callback: Any, storage: Any) -> OAuthClientProvider:
        metadata = OAuthClientMetadata.model_validate(METADATA)
        return OAuthClientProvider(url, metadata, storage, redirect, callback)

    def result(answer: dict[str, str]) -> tuple[str, str | None]:
        return answer["code"], answer.get("state")

    await run(Login(url, connect, made, result))


anyio.run(main)
