"""`OpenAIAdapter`: Chat Completions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ..adapters.adapter import Limits, ModelAdapter
from ..adapters.approval import Approve, Gate
from .asking import Asking, default_client
from .chat_wire import ChatWire


class OpenAIAdapter(ModelAdapter):
    """Brings tools to a model behind Chat Completions (OpenAI's, or any server that speaks it).

    `tools` is a client session (of any server, MCP or native), a session group, an app, or anything
    else `zcp_kernel.connecting.connect` takes. `client` is an `openai` client, async or sync, or
    alike; None makes an `openai.AsyncOpenAI()`. `profile` and `groups` name the view of the tools.
    `approve` is asked, one at a time, before gated calls run (see `Gate`); without it a run stops
    and waits for `resume`. `request` holds further parameters of the API. `strict` compiles schemas
    to the strict subset.
    """

    def __init__(
        self,
        tools: Any,
        *,
        model: str,
        client: Any = None,
        instructions: str | None = None,
        profile: str | None = None,
        groups: Iterable[str] | None = None,
        approve: Approve | None = None,
        needs_approval: Gate = None,
        strict: bool = True,
        limits: Limits | None = None,
        request: Mapping[str, Any] | None = None,
    ) -> None:
        limits = limits or Limits()
        own_client = default_client() if client is None else None
        asking = Asking(
            client=own_client or client,
            model=model,
            instructions=instructions,
            strict=strict,
            handle_bytes=limits.handle_bytes if limits.inline_bytes is not None else None,
            request=dict(request or {}),
        )
        super().__init__(
            self._wire(asking),
            tools,
            profile=profile,
            groups=None if groups is None else tuple(groups),
            approve=approve,
            needs_approval=needs_approval,
            limits=limits,
            own_client=own_client,
        )

    def _wire(self, asking: Asking) -> Any:
        return ChatWire(asking)
