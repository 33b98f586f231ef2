"""`subscriptions/listen`: a request that stays open and is told of changes (2026-07-28,
basic/patterns/subscriptions)."""

from __future__ import annotations

from collections import deque
from contextlib import ExitStack
from typing import Any

import anyio
from attrs import evolve
from zcp_kernel.context import Context
from zcp_kernel.errors import LimitReached, NotFound
from zcp_kernel.model import (
    ListenParams,
    ListenResult,
    PromptListChanged,
    ResourceListChanged,
    ResourceUpdated,
    SubscribeParams,
    SubscriptionAcknowledged,
    SubscriptionFilter,
    TaskChanged,
    ToolListChanged,
)
from zcp_kernel.security import Principal

from .metadata import SUBSCRIPTION_ID
from .task_extension import detailed, require_extension

MAX_WAITING = 256
"""Notices kept for a client that reads slowly, before those that say the same are merged."""

MAX_TASKS = 1000
"""How many tasks one subscription may follow."""


async def listen(params: ListenParams, ctx: Context) -> ListenResult:
    """Acknowledge, then tell of what was asked for until the client or the server ends it.

    Raises `MissingCapability` for tasks without their extension, `Forbidden` for a resource the
    caller may not read. What does not exist is left out of what is agreed to.
    """
    agreed = await _agree(params.notifications, ctx)
    subscription = Subscription(agreed, ctx)
    kernel = ctx.kernel
    exchange = ctx.session.inflight.get(ctx.request_id) if ctx.request_id is not None else None
    if exchange is not None:
        exchange.lasting = True
    with ExitStack() as stack:
        for task_id in agreed.task_ids or ():
            stack.enter_context(kernel.tasks.watching(task_id, subscription.task_changed))
        kernel.audience.add(subscription)
        stack.callback(kernel.audience.discard, subscription)
        await subscription.run()
    return ListenResult(meta=subscription.tag)


async def _agree(wanted: SubscriptionFilter, ctx: Context) -> SubscriptionFilter:
    """What of the wanted this server can and this caller may be told."""
    if wanted.task_ids is not None:
        require_extension(ctx)
    return SubscriptionFilter(
        tools_list_changed=wanted.tools_list_changed or None,
        prompts_list_changed=wanted.prompts_list_changed or None,
        resources_list_changed=wanted.resources_list_changed or None,
        resource_subscriptions=await _readable(wanted.resource_subscriptions, ctx),
        task_ids=await _known(wanted.task_ids, ctx),
    )


async def _readable(uris: list[str] | None, ctx: Context) -> list[str] | None:
    """Watching is subject to what subscribing always was: scopes, stages and limits."""
    if uris is None:
        return None
    readable: list[str] = []
    for uri in dict.fromkeys(uris):
        try:
            await ctx.kernel.execute("resources/subscribe", SubscribeParams(uri=uri), ctx)
        except NotFound:
            continue
        readable.append(uri)
    return readable


async def _known(task_ids: list[str] | None, ctx: Context) -> list[str] | None:
    if task_ids is None:
        return None
    if len(task_ids) > MAX_TASKS:
        raise LimitReached(f"invalid: a subscription follows {MAX_TASKS} tasks at most")
    known: list[str] = []
    for task_id in dict.fromkeys(task_ids):
        try:
            await ctx.kernel.tasks.get(task_id, ctx.owner)
        except NotFound:
            continue
        known.append(task_id)
    return known


class Subscription:
    """One open request: a `Listener` of the kernel's, and the queue of what it has yet to say."""

    def __init__(self, agreed: SubscriptionFilter, ctx: Context) -> None:
        self.tag = {SUBSCRIPTION_ID: ctx.request_id}
        self._agreed = agreed
        self._ctx = ctx
        self._kinds = {
            kind
            for kind, asked in (
                (ToolListChanged, agreed.tools_list_changed),
                (PromptListChanged, agreed.prompts_list_changed),
                (ResourceListChanged, agreed.resources_list_changed),
            )
            if asked
        }
        self._uris = frozenset(agreed.resource_subscriptions or ())
        self._waiting: deque[tuple[str, Any]] = deque()
        self._wake = anyio.Event()
        self._ended = False

    @property
    def principal(self) -> Principal:
        """Who listens."""
        return self._ctx.principal

    def hears(self, notice: Any) -> bool:
        if isinstance(notice, ResourceUpdated):
            return notice.uri in self._uris
        return type(notice) in self._kinds

    def post(self, notice: Any) -> None:
        about = notice.uri if isinstance(notice, ResourceUpdated) else type(notice).__name__
        self._keep(about, notice)

    def task_changed(self, task_id: str) -> None:
        """How the task stands is looked up when its turn comes: one entry for all its changes."""
        if (task_id, None) not in self._waiting:
            self._keep(task_id, None)

    def close(self, reason: str) -> None:
        self._ended = True
        self._wake.set()

    def _keep(self, about: str, notice: Any) -> None:
        """Each change is told by itself; a client that falls far behind is told once of each thing
        that changed, so that the queue is no longer than what it may be told about."""
        entry = (about, notice)
        if len(self._waiting) >= MAX_WAITING and entry in self._waiting:
            return
        self._waiting.append(entry)
        self._wake.set()

    async def run(self) -> None:
        """Say it all, the acknowledgement first; returns when the server ends the subscription."""
        await self._say(SubscriptionAcknowledged(self._agreed))
        while True:
            while self._waiting:
                about, notice = self._waiting.popleft()
                await self._say(notice if notice is not None else await self._task(about))
            if self._ended:
                return
            self._wake = anyio.Event()
            await self._wake.wait()

    async def _task(self, task_id: str) -> TaskChanged | None:
        try:
            return await detailed(TaskChanged, task_id, self._ctx)
        except NotFound:
            # It expired before it could be told of.
            return None

    async def _say(self, notice: Any) -> None:
        if notice is not None:
            ctx = self._ctx
            await ctx.session.notify(evolve(notice, meta=self.tag), ctx.related)
