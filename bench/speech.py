"""What is said over HTTP: a call in each way of speaking, with the session it needs."""

import json
import socket
from collections.abc import Mapping, Sequence
from secrets import token_urlsafe
from typing import Any

from .site import Message, Site, json_of

META = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
BASIC = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
STATELESS, SESSION = "2026-07-28", "session"
TEXT = "hello"
ID = 100_000_000


def calls(
    site: Site,
    path: str,
    way: str,
    tool: str,
    sessions: int,
    credentials: Mapping[str, str] | None = None,
) -> tuple[list[Message], list[socket.socket]]:
    """Requests that call `tool`, one for each session; and the streams the sessions listen on,
    to be closed when all is over. `credentials` are header fields every request has."""
    basic = {**BASIC, **(credentials or {})}
    if way == STATELESS:
        headers = {**basic, "mcp-protocol-version": STATELESS}
        headers |= {"mcp-method": "tools/call", "mcp-name": tool}
        return [Message(path, headers, _call(tool, META))], []
    revision = "zcp/1" if path == "/zcp" else "2025-11-25"
    opened = [open_session(site, path, revision, basic) for _ in range(sessions)]
    streams = [listening(site, path, headers) for headers in opened]
    return [Message(path, headers, _call(tool)) for headers in opened], streams


def single(path: str, tool: str) -> list[Message]:
    """A call on the native plane without a session."""
    return [Message(path, BASIC, _call(tool))]


def pretended(path: str, tool: str, sessions: int) -> list[Message]:
    """Calls that look like those of sessions, for what keeps none."""
    headers = {**BASIC, "mcp-protocol-version": "2025-11-25"}
    ids = (token_urlsafe(16) for _ in range(sessions))
    return [Message(path, {**headers, "mcp-session-id": each}, _call(tool)) for each in ids]


def open_session(
    site: Site, path: str, revision: str, basic: Mapping[str, str] = BASIC
) -> Mapping[str, str]:
    """The header fields of requests in a new session; `basic` are those it is opened with."""
    params = {
        "protocolVersion": revision,
        "capabilities": {},
        "clientInfo": {"name": "bench", "version": "1"},
    }
    answer, _ = site.post(Message(path, basic, request("initialize", params)))
    headers = {**basic, "mcp-session-id": answer["mcp-session-id"]}
    if path == "/mcp":
        headers["mcp-protocol-version"] = revision
    notice = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    site.post(Message(path, headers, json.dumps(notice).encode()))
    return headers


def listening(site: Site, path: str, headers: Mapping[str, str]) -> socket.socket:
    """The stream a client opens for what the server sends by itself."""
    kept = ("mcp-", "authorization")
    wanted = {name: value for name, value in headers.items() if name.startswith(kept)}
    link = site.listen(path, {**wanted, "accept": "text/event-stream"})
    if not link.recv(4096).startswith(b"HTTP/1.1 200"):
        raise RuntimeError(f"{site.module} opens no stream")
    return link


def check(site: Site, messages: Sequence[Message]) -> None:
    """Raises RuntimeError unless every one of these calls is answered rightly."""
    for message in messages:
        answer: Any = json_of(site.post(message)[1])
        content = answer.get("result", {}).get("content") or [answer.get("result")]
        if TEXT not in json.dumps(content):
            raise RuntimeError(f"{site.module} gave a wrong answer: {answer}")


def request(method: str, params: Mapping[str, Any]) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": ID, "method": method, "params": params}).encode()


def _call(tool: str, meta: Mapping[str, Any] | None = None) -> bytes:
    params: dict[str, Any] = {"name": tool, "arguments": {"text": TEXT}}
    if meta is not None:
        params["_meta"] = meta
    return request("tools/call", params)
