"""Calling a tool: the request, the result, and what stands in for a result too big to carry."""

from __future__ import annotations

from typing import Any, Literal

from attrs import define, field

from .base import Described, Shape
from .content import ContentBlock

ProgressToken = str | int
"""Chosen by the requester, unique among its active requests; echoed in every progress notice."""


@define(slots=True)
class TaskOptions(Shape):
    """A wish to run a call as a task: `ttl` and `poll_interval` in milliseconds."""

    ttl: int | None = None
    poll_interval: int | None = None


@define(slots=True)
class Retried(Described):
    """Parameters that may repeat a request with the answers it was refused for lack of.

    `input_responses` maps the key of an open request to its response; `request_state` is the
    server's, returned as it came (MCP 2026-07-28, basic/patterns).
    """

    input_responses: dict[str, Any] | None = field(default=None, kw_only=True)
    request_state: str | None = field(default=None, kw_only=True)


@define(slots=True)
class CallRequest(Retried):
    """Parameters of `tools/call`."""

    name: str
    arguments: dict[str, Any] | None = None
    task: TaskOptions | None = None


@define(slots=True)
class HandleRef(Shape):
    """A result kept on the server: `size` in bytes as encoded, `count` of its items if a list.

    `alias` is a short name that means it within the session, such as `#S1`.
    """

    id: str
    kind: str
    summary: str
    size: int
    count: int | None = None
    ttl_ms: int | None = None
    alias: str | None = None


@define(slots=True)
class CallResult(Described):
    """The result of a tool call.

    `structured_content` is the value itself; `content` holds blocks for readers. A dialect decides
    which of the two travels. `encoded` is the JSON of `structured_content` where the kernel has
    made it already, `carrier` the setting for revisions that can carry a structured result as
    itself, as text or both ("both", "structured", "text"; None: both); neither travels.
    """

    content: list[ContentBlock] = field(factory=list["ContentBlock"])
    structured_content: Any = None
    is_error: bool = False
    handle: HandleRef | None = None
    preview: Any = None
    encoded: bytes | None = field(default=None, eq=False, repr=False, metadata={"wire": False})
    carrier: Literal["both", "structured", "text"] | None = field(
        default=None, eq=False, repr=False, metadata={"wire": False}
    )


@define(slots=True)
class CallError(Shape):
    """The `error` member of a JSON-RPC response."""

    code: int
    message: str
    data: Any = None


@define(slots=True)
class Empty(Described):
    """Parameters or a result with no members of its own."""


@define(slots=True)
class PingResult(Described):
    """The answer to `ping`; `ok` is the native plane's, MCP answers an empty object."""

    ok: bool = True
