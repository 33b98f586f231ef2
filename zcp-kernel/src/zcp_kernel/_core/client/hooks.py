"""What the application lets a server ask of it: roots, sampling and elicitation."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from attrs import define, evolve, fields

from ..._core.peer_shapes import (
    elicitation_for_hook,
    elicitation_result,
    roots_result,
    sampling_for_hook,
    sampling_result,
)
from ...codec import PLAIN
from ...errors import MissingCapability
from ...model import (
    Capabilities,
    ElicitationRequest,
    ElicitationResult,
    ListRootsResult,
    PingResult,
    SamplingRequest,
    SamplingResult,
    wire_name,
)

Hook = Callable[..., Any]
_QUESTIONS = frozenset({"roots_provider", "sampling_handler", "elicitation_handler"})


@define
class ClientHooks:
    """The hooks a session was given, and those lent to it; each may be sync or async."""

    roots_provider: Hook | None = None
    sampling_handler: Hook | None = None
    elicitation_handler: Hook | None = None
    log_handler: Hook | None = None
    progress_handler: Hook | None = None
    notification_handler: Hook | None = None

    def lend(self, **hooks: Hook) -> None:
        """Answer with these what the session was given no hook for. Both hear what comes unasked,
        the session's own first."""
        for name, hook in hooks.items():
            own: Hook | None = getattr(self, name)
            if own is None:
                setattr(self, name, hook)
            elif name not in _QUESTIONS:
                setattr(self, name, _both(own, hook))

    def capabilities(self, declared: Capabilities | dict[str, Any] | None) -> Capabilities:
        """What the hooks can do; members of `declared` stand instead of what follows from them."""
        able = Capabilities(
            roots=None if self.roots_provider is None else {},
            sampling=None if self.sampling_handler is None else {},
            elicitation=None if self.elicitation_handler is None else {"form": {}, "url": {}},
        )
        if declared is None:
            return able
        if isinstance(declared, Capabilities):
            members = {f.name for f in fields(Capabilities)}
            given = {m: v for m in members if (v := getattr(declared, m)) is not None}
            return evolve(able, **given)
        return PLAIN.decode(Capabilities, _merged(PLAIN.encode(able), declared))

    async def answer(self, operation: str, params: Any) -> Any:
        """Answer what a server asked. Raises `MissingCapability` without the hook for it, and
        `InvalidParams` when a hook returned something that cannot be read."""
        if operation == "sampling/createMessage":
            return await self.create_message(params)
        if operation == "elicitation/request":
            return await self.elicit(params)
        if operation == "roots/list":
            return await self.list_roots()
        if operation == "ping":
            return PingResult()
        raise MissingCapability(operation)

    async def create_message(self, request: SamplingRequest) -> SamplingResult:
        hook = self._need(self.sampling_handler, "sampling")
        return sampling_result(await _run(hook, sampling_for_hook(request)))

    async def elicit(self, request: ElicitationRequest) -> ElicitationResult:
        hook = self._need(self.elicitation_handler, "elicitation")
        return elicitation_result(await _run(hook, elicitation_for_hook(request)), request)

    async def list_roots(self) -> ListRootsResult:
        return roots_result(await _run(self._need(self.roots_provider, "roots")))

    @staticmethod
    def _need(hook: Hook | None, capability: str) -> Hook:
        if hook is None:
            raise MissingCapability(capability)
        return hook


def _both(first: Hook, second: Hook) -> Hook:
    async def told(*arguments: Any) -> None:
        try:
            await _run(first, *arguments)
        finally:
            await _run(second, *arguments)

    return told


async def _run(hook: Hook, *arguments: Any) -> Any:
    outcome = hook(*arguments)
    return await outcome if isawaitable(outcome) else outcome


def _merged(able: dict[str, Any], declared: dict[str, Any]) -> dict[str, Any]:
    merged = {**able, **{wire_name(name): item for name, item in declared.items()}}
    return {name: item for name, item in merged.items() if item is not None}
