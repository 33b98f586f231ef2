"""Plain HTTP requests, for what a session does not show: challenges and OAuth metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import anyio
from attrs import frozen

from ..jsonvalues import is_object
from .outcome import Failed

SECONDS = 10.0
NO_POST = (404, 405)
MOST_BYTES = 256 * 1024
PROBE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": {"name": "zcp-check", "version": "1"},
    },
}


@frozen
class Answer:
    """A response; the names of its headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def document(self, what: str) -> dict[str, Any]:
        """The JSON object in the body. Raises `Failed` if there is none."""
        try:
            found: Any = json.loads(self.body)
        except ValueError:
            found = None
        if not is_object(found):
            raise Failed(f"{what} is no JSON object")
        return found


async def unauthenticated(url: str) -> Answer:
    """What a caller without credentials gets for its first request: over HTTP+SSE, which older
    servers speak, that is a GET."""
    body = json.dumps(PROBE).encode()
    headers = {
        "accept": "application/json, text/event-stream",
        "content-type": "application/json",
    }
    answer = await _request("POST", url, headers, body)
    if answer.status not in NO_POST:
        return answer
    return await _request("GET", url, {"accept": "text/event-stream"}, b"")


async def get(url: str) -> Answer:
    """Raises `Failed` when nobody answers."""
    return await _request("GET", url, {"accept": "application/json"}, b"")


async def _request(method: str, url: str, headers: dict[str, str], body: bytes) -> Answer:
    from zcp_transport_http.client.network import network_http

    try:
        with anyio.fail_after(SECONDS):
            async with (
                network_http(url) as http,
                http.request(method, url, headers, body) as response,
            ):
                # An event stream has no end; its status is what was asked for.
                content = b"" if response.is_stream else await response.read(MOST_BYTES)
                return Answer(response.status, response.headers, content)
    except OSError as error:
        # What the library says may name the whole URL, and with it what is secret there.
        host = urlsplit(url).netloc.rpartition("@")[2]
        raise Failed(f"{host} cannot be asked: {type(error).__name__}") from error
