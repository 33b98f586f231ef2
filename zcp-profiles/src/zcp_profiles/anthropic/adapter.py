"""`AnthropicAdapter`: the Messages API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..adapters.adapter import Limits, ModelAdapter
from ..adapters.approval import Approve, Gate
from .wire import MessagesWire


class AnthropicAdapter(ModelAdapter):
    """Brings tools to a model behind the Messages API.

    `tools` is a client session (of any server, MCP or native), a session group, an app, or anything
    else `zcp_kernel.connecting.connect` takes. `client` is an `anthropic` client, async or sync, or
    alike; None makes an `anthropic.AsyncAnthropic()`. `max_tokens` bounds one answer. The other
    parameters are those of `OpenAIAdapter`.
    """

    def __init__(
        self,
        tools: Any,
        *,
        model: str,
        client: Any = None,
        max_tokens: int = 4096,
        instructions: str | None = None,
        profile: str | None = None,
        groups: Iterable[str] | None = None,
        approve: Approve | None = None,
        needs_approval: Gate = None,
        limits: Limits | None = None,
        request: Mapping[str, Any] | None = None,
    ) -> None:
        limits = limits or Limits()
        own_client = _default_client() if client is None else None
        wire = MessagesWire(
            own_client or client,
            model,
            max_tokens,
            instructions,
            dict(request or {}),
            limits.handle_bytes if limits.inline_bytes is not None else None,
        )
        super().__init__(
            wire,
            tools,
            profile=profile,
            groups=None if groups is None else tuple(groups),
            approve=approve,
            needs_approval=needs_approval,
            limits=limits,
            own_client=own_client,
        )


def _default_client() -> Any:
    try:
        import anthropic
    except ModuleNotFoundError as error:
        raise ImportError(
            "no client was given, and the anthropic package is not installed: "
            'pip install "zero-context-protocol-sdk[anthropic]", or pass client='
        ) from error
    return anthropic.AsyncAnthropic()
