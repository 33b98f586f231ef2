"""What a server could ask of this session, asked by the application itself."""

from __future__ import annotations

from typing import Any

from ..._core.peer_shapes import elicitation_request, sampling_request
from .hooks import Hook
from .plain import plain
from .session import SessionCore

MAX_TOKENS = 1024
"""What `create_message` asks for when nobody says."""


class OwnHooks(SessionCore):
    """Runs the session's hooks as a server's request would."""

    def lend_hooks(self, **hooks: Hook) -> None:
        """Let others answer what this session was given no hook for, and hear what it hears.

        For who uses a session he did not make, as a mount does: the names are those of the hooks a
        session is made with. A capability that follows from a hook is declared at the next
        handshake.
        """
        self._hooks.lend(**hooks)

    async def list_roots(self) -> dict[str, Any]:
        """`{"roots": [{uri, name?}]}` from the roots provider. Raises `MissingCapability`."""
        return plain(await self._hooks.list_roots())

    async def create_message(self, messages: Any, **kwargs: Any) -> dict[str, Any]:
        """`{role, content, model, stopReason?}` from the sampling handler.

        `messages` is a list of `{role, content}`, a string, or a whole request dict; `kwargs` are
        the request's other members, in camelCase or snake_case. Raises `MissingCapability`.
        """
        if "maxTokens" not in kwargs:
            kwargs.setdefault("max_tokens", MAX_TOKENS)
        whole = isinstance(messages, dict) and "messages" in messages
        request = sampling_request(messages if whole else {"messages": messages}, **kwargs)
        return plain(await self._hooks.create_message(request))

    async def elicit(self, kind: str, prompt: str, **kwargs: Any) -> dict[str, Any]:
        """`{action, content?}` from the elicitation handler.

        `kwargs` may hold `fields` or `requestedSchema`, or `url`. Raises `MissingCapability`.
        """
        request = elicitation_request(kind=kind, prompt=prompt, **kwargs)
        return plain(await self._hooks.elicit(request))
