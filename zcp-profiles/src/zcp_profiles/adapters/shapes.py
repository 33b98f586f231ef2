"""Calls, outputs, turns and what streaming tells of them, whatever API they came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from attrs import field, frozen

from ..compact import format_call
from .output import decode_tool_output

Status = Literal["completed", "calls", "approval", "incomplete", "refused", "max_turns"]
"""How a run stands: the model is done; it asked for calls that nobody ran yet; calls wait for
approval; its answer was cut off (length or filter); it refused; it used up its turns."""


class ModelFailed(Exception):
    """The API gave no usable answer: it failed in the middle, or said nothing at all."""


@frozen
class ToolCall:
    """A call the model asked for: `name` and `arguments` are the tool's own, `api_name` is what the
    API knows the tool by. `fault` says why it cannot be run, where it cannot. As text it reads
    `weather.get(city="Hangzhou")`, for whoever is to approve it."""

    id: str
    name: str
    arguments: dict[str, Any]
    api_name: str
    fault: str | None = None

    def __str__(self) -> str:
        return format_call(self.name, self.arguments)


@frozen
class ToolOutput:
    """The answer to a call as the model reads it; `images` are `{"data": base64, "mimeType"}`."""

    call: ToolCall
    text: str
    is_error: bool = False
    images: tuple[Mapping[str, Any], ...] = ()

    @property
    def result(self) -> dict[str, Any]:
        """The result the text tells of, as `ZCPClientSession.call_tool` gives it."""
        return decode_tool_output(self.text)


@frozen
class Usage:
    """Tokens, as the API counted them. `input_tokens` is all input, cached parts included."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_tokens: int = 0
    reasoning_tokens: int = 0
    requests: int = 0

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_tokens + other.cached_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
            self.requests + other.requests,
        )


@frozen
class TurnResult:
    """One turn, or a run of several.

    `text` is the model's last words. `calls` are those not yet answered (statuses "calls" and
    "approval"; `pending` holds the ids that need approval), `outputs` everything that was answered.
    `history` is the conversation in the API's own items, to go on with; `usage` and `turns` count
    what this result took; `response` is the API's last answer as it came.
    """

    text: str
    status: Status
    calls: tuple[ToolCall, ...] = ()
    pending: tuple[str, ...] = ()
    outputs: tuple[ToolOutput, ...] = ()
    usage: Usage = field(factory=Usage)
    turns: int = 1
    history: tuple[dict[str, Any], ...] = field(default=(), repr=False)
    response: Any = field(default=None, repr=False, eq=False)


@frozen
class TextDelta:
    """A piece of the model's text, as it comes."""

    text: str


@frozen
class ToolStarted:
    """A call is about to run."""

    call: ToolCall


@frozen
class ToolFinished:
    """A call was answered."""

    output: ToolOutput


@frozen
class TurnEnded:
    """The last event: the run has ended with this result."""

    result: TurnResult


Event = TextDelta | ToolStarted | ToolFinished | TurnEnded


@frozen
class RawCall:
    """A call as the API gave it; `arguments` is JSON text, or what the API made of it."""

    id: str
    api_name: str
    arguments: str | dict[str, Any]


@frozen
class Reply:
    """One answer of the API: `items` are what belongs into the history."""

    text: str
    calls: tuple[RawCall, ...]
    items: tuple[dict[str, Any], ...]
    usage: Usage
    ended: Literal["done", "calls", "paused", "incomplete", "refused"]
    response: Any = field(default=None, repr=False, eq=False)
