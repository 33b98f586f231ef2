"""A call that cannot go on without the client: what it needs, and what to bring back."""

from __future__ import annotations

from typing import Any

from attrs import define

from .base import Described, Shape


@define(slots=True)
class InputRequest(Shape):
    """One thing the server needs: an operation of the client's and its parameters."""

    operation: str
    params: Any


@define(slots=True)
class InputRequiredResult(Described):
    """The answer to a call that lacks input (MCP 2026-07-28, "Multi Round-Trip Requests").

    The client answers each of `input_requests` and repeats the call with the responses under the
    same keys, and with `request_state` as it came.
    """

    input_requests: dict[str, InputRequest]
    request_state: str | None = None
