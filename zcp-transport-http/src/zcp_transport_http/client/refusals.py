"""What a status means for the request it answers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from zcp_kernel.errors import (
    METHOD_NOT_FOUND,
    ConnectionLost,
    ExchangeRefused,
    ParseError,
    RateLimited,
    SessionLost,
)
from zcp_kernel.jsontext import is_object, loads

__all__ = ["is_answer", "refusal", "retry_after_seconds"]

MAX_SAID = 300
BAD, TOO_MANY, UNAVAILABLE, NOT_FOUND = 400, 429, 503, 404
SDK_REFUSAL = -32000
NO_SESSION = re.compile(r"session id|not initialized", re.IGNORECASE)
"""How servers made after the examples of the TypeScript SDK refuse a session they do not know."""


def is_answer(message: Any, request_id: Any) -> bool:
    """Whether this is the response of the request."""
    return (
        is_object(message)
        and message.get("id") == request_id
        and type(message.get("id")) is type(request_id)
        and ("result" in message or "error" in message)
    )


def refusal(
    what: str,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    request_id: Any,
    *,
    session: bool,
) -> ConnectionLost | RateLimited | None:
    """The error this refusal of `what` is; None if its body is the answer of the request.

    `session`: the request named one. Then 404 says that it is gone, whatever the body says, but for
    a method the server does not have (MCP 2025-11-25, basic/transports, "Session Management"). Many
    servers, the reference server among them, say 400 instead, and in words what they mean.
    """
    message = _message(body)
    error = message.get("error") if is_object(message) else None
    error = error if is_object(error) else None
    answers = is_answer(message, request_id)
    if status == TOO_MANY or (status == UNAVAILABLE and "retry-after" in headers):
        wait = retry_after_seconds(headers)
        when = "" if wait is None else f"; it asks for {wait:g} s of patience"
        said = _said(error, headers, body)
        return RateLimited(f"{what}: {_named(status)}{said}{when}", retry_after=wait)
    unknown_method = answers and error is not None and error.get("code") == METHOD_NOT_FOUND
    gone = (status == NOT_FOUND and not unknown_method) or _knows_no_session(status, error)
    if session and gone:
        return SessionLost(f"{what}: the server no longer knows the session")
    if answers:
        return None
    said = _said(error, headers, body)
    return ExchangeRefused(f"{what}: {_named(status)}{said}", status=status, error=error)


def _knows_no_session(status: int, error: dict[str, Any] | None) -> bool:
    if status != BAD or error is None or error.get("code") != SDK_REFUSAL:
        return False
    return NO_SESSION.search(str(error.get("message", ""))) is not None


def _message(body: bytes) -> Any:
    try:
        return loads(body)
    except ParseError:
        return None


def _named(status: int) -> str:
    try:
        return f"HTTP {status} {HTTPStatus(status).phrase}"
    except ValueError:
        return f"HTTP {status}"


def _said(error: dict[str, Any] | None, headers: Mapping[str, str], body: bytes) -> str:
    """What the server gave as its reason, as far as it is text for people."""
    if error is not None:
        said = str(error.get("message", ""))
    elif "www-authenticate" in headers:
        said = headers["www-authenticate"]
    elif headers.get("content-type", "").startswith("text/plain"):
        said = " ".join(body.decode("utf-8", "replace").split())
    else:
        said = ""
    return f": {said[:MAX_SAID]}" if said else ""


def retry_after_seconds(headers: Mapping[str, str]) -> float | None:
    """The wait of a `Retry-After` field, given in seconds or as a date (RFC 9110, section 10.2.3);
    None without one that can be read."""
    value = headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        when = parsedate_to_datetime(value)
    except ValueError:
        return None
    when = when if when.tzinfo is not None else when.replace(tzinfo=UTC)
    return max(0.0, (when - datetime.now(UTC)).total_seconds())
