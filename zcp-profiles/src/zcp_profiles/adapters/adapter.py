"""An adapter: tools of a server, a model behind an API, and how the two are brought together."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

from attrs import field, frozen
from attrs.validators import ge, gt, optional
from zcp_kernel.closing import Closing

from .approval import Answer, Approve, Gate, Gatekeeper
from .calling import called
from .keeping import KeptResults
from .loop import AgentLoop
from .runner import Runner
from .shapes import Event, TurnResult
from .source import ToolSource
from .tools.toolbox import Toolbox
from .wire import Prompt, Wire

SEMANTIC_WORKFLOW = "semantic-workflow"

_positive: Any = optional(gt(0))


@frozen(kw_only=True)
class Limits:
    """Bounds of a run. Sizes are in bytes, times in seconds; `handle_bytes` and `inline_bytes` None
    switch references in arguments, and the keeping of large results, off."""

    max_turns: int = field(default=16, validator=ge(1))
    max_calls_at_once: int = field(default=16, validator=ge(1))
    call_timeout: float | None = field(default=None, validator=_positive)
    inline_bytes: int | None = field(default=8192, validator=_positive)
    page_bytes: int = field(default=4096, validator=ge(256))
    kept_bytes: int = field(default=64 * 1024 * 1024, validator=ge(1))
    handle_bytes: int | None = field(default=2048, validator=_positive)


class ModelAdapter(Closing):
    """What the adapters of all APIs can do.

    Use it as a context manager, or `await adapter.aclose()`: an app or address given as `tools` is
    connected to when it is needed. Runs may go on at the same time.
    """

    def __init__(
        self,
        wire: Wire,
        tools: Any,
        *,
        profile: str | None,
        groups: tuple[str, ...] | None,
        approve: Approve | None,
        needs_approval: Gate,
        limits: Limits,
        own_client: Any = None,
    ) -> None:
        """`own_client` is the model's client if it was made here: it is closed with the adapter."""
        self.wire = wire
        self._own_client = own_client
        self.limits = limits
        self._source = ToolSource(tools)
        self._view = (profile, groups)
        self._gate = Gatekeeper(needs_approval, approve)
        self._boxes: dict[tuple[str | None, bool], tuple[list[dict[str, Any]], Toolbox]] = {}
        self._kept: KeptResults | None = None
        if limits.inline_bytes is not None:
            self._kept = KeptResults(
                self._source,
                inline_bytes=limits.inline_bytes,
                page_bytes=limits.page_bytes,
                max_bytes=limits.kept_bytes,
            )

    @property
    def gate(self) -> Gatekeeper:
        return self._gate

    async def toolbox(
        self, *, profile: str | None = None, discovering: bool = False
    ) -> tuple[Toolbox, Runner]:
        """The tools as they now are, and what runs them. Raises as `list_tools` does."""
        own, groups = self._view
        tools = await self._source.tools(profile or own, groups)
        kept = self._boxes.get((profile, discovering))
        if kept is None or kept[0] != tools:
            box = Toolbox.of(tools, self.wire, self._gate, self._kept, discovering=discovering)
            kept = self._boxes[profile, discovering] = (tools, box)
        box = kept[1]
        limits = self.limits
        return box, Runner(
            self._source, self._kept, box.local, limits.call_timeout, limits.max_calls_at_once
        )

    async def run(self, prompt: Prompt) -> TurnResult:
        """Ask the model and run what it calls, until it is done, or must wait for approval, or its
        turns are used up: see `TurnResult.status`. For a conversation use `AgentLoop`.

        Raises what the model's client and `list_tools` raise; a call's own failure is an output.
        """
        return await AgentLoop(self).run(prompt)

    async def run_with_discovery(self, prompt: Prompt) -> TurnResult:
        """As `run`, but the model sees three tools that search, describe and call all others."""
        return await AgentLoop(self, discovery=True).run(prompt)

    async def run_with_semantic_workflow(self, prompt: Prompt) -> TurnResult:
        """As `run`, but with the tools of the profile `semantic-workflow`: those tagged as
        workflows, where the server has any."""
        return await AgentLoop(self, profile=SEMANTIC_WORKFLOW).run(prompt)

    async def resume(self, result: TurnResult, decisions: Mapping[str, Answer]) -> TurnResult:
        """Go on with a run that waits for approval: `decisions` maps ids of calls to True, or to
        False or a reason to refuse. Calls nobody decided on are refused."""
        return await AgentLoop.of(self, result).resume(decisions)

    def stream(self, prompt: Prompt) -> AsyncGenerator[Event]:
        """As `run`, event by event; the last is `TurnEnded`."""
        return AgentLoop(self).stream(prompt)

    async def aclose(self) -> None:
        """Close what this adapter opened. Idempotent."""
        await self._source.aclose()
        if self._own_client is not None:
            await called(self._own_client.close)
