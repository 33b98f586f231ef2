"""What a task's handler sees of its task."""

from __future__ import annotations

import asyncio
import concurrent.futures
import threading
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import anyio.from_thread
import anyio.lowlevel

from ...errors import TaskCancelled
from ...model import ElicitationResult, Empty, ListRootsResult, SamplingResult
from ..asking import elicitation, sampling
from ..peer_shapes import elicitation_request, sampling_request
from .asking import ELICITATION, ROOTS, SAMPLING, ask
from .running import RunningTask
from .states import check_declared

T = TypeVar("T")


class TaskExecutionContext:
    """`task` in a handler: the parameter of a tool, `payload["task"]` of a task kind.

    Methods that speak to somebody are awaitable; a handler in a worker thread gets `blocking()`,
    the same names without `await`. `set_status` and `is_cancelled` work anywhere.
    """

    def __init__(
        self,
        run: RunningTask,
        save: Callable[[], Awaitable[None]],
        save_soon: Callable[[], None],
    ) -> None:
        self._run = run
        self._save = save
        self._save_soon = save_soon
        self._thread = threading.get_ident()
        self._token = anyio.lowlevel.current_token()

    @property
    def task_id(self) -> str:
        return self._run.id

    @property
    def kind(self) -> str:
        """The task kind's name, or the tool's."""
        return self._run.record.descriptor.kind

    @property
    def attempt(self) -> int:
        """The how-manieth run of this body it is; above 1 an earlier one failed or was cut off."""
        return self._run.record.attempt

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for this task any more: it was cancelled, or it expired."""
        return self._run.ended

    async def update_status(self, message: str) -> None:
        """Tell what is being done now; everybody who follows the task hears of it."""
        self._run.declare("working", message)
        await self._save()
        await anyio.lowlevel.checkpoint()

    def set_status(self, status: str, message: str | None = None) -> None:
        """Set `working` or `input_required`, and what is being done (None: as before).

        Works in sync and async handlers and from any thread. A task with an open question stays
        `input_required` until it is answered. Raises `ValueError` for any other status: a task ends
        by its handler returning or raising.
        """
        declared = check_declared(status)

        def declare() -> None:
            self._run.declare(declared, message)
            if self._run.dirty:
                self._save_soon()

        if threading.get_ident() == self._thread:
            declare()
        else:
            anyio.from_thread.run_sync(declare, token=self._token)

    async def elicit(
        self, request: Any = None, schema: Mapping[str, Any] | None = None, /, **members: Any
    ) -> ElicitationResult:
        """Ask the user: a message and a schema as for `ctx.elicit`, `{"kind": "approval", "prompt":
        "…"}`, `{"message": …, "requestedSchema": …}`, or the same as keywords. The result also
        unpacks as `action, content`.

        A client that cannot ask leaves the task `input_required` with the question in its
        `inputRequests` until it is answered. Raises `InvalidParams` for a request that makes no
        sense, `TaskCancelled` once the task has ended.
        """
        if isinstance(request, str):
            params: Any = elicitation(request, schema, **members).params
        else:
            params = elicitation_request(request, **members)
        result: ElicitationResult = await self.put(ELICITATION, params)
        return result

    async def create_message(self, request: Any = None, /, **members: Any) -> SamplingResult:
        """Ask the client's model: messages as for `ctx.create_message`, `{"messages": […],
        "maxTokens": 120}`, camelCase or snake_case, or the same as keywords. Waits and raises as
        `elicit` does."""
        if isinstance(request, (str, list)):
            params: Any = sampling(request, **{"max_tokens": 1024, **members}).params
        else:
            params = sampling_request(request, **members)
        result: SamplingResult = await self.put(SAMPLING, params)
        return result

    async def list_roots(self) -> ListRootsResult:
        """The places the client opens to this server. Waits and raises as `elicit` does."""
        result: ListRootsResult = await self.put(ROOTS, Empty())
        return result

    def blocking(self) -> BlockingTask:
        """The view for a handler in a worker thread."""
        return BlockingTask(self)

    async def put(self, operation: str, params: Any) -> Any:
        """Ask an operation of the client's; `elicit` and its siblings say it by name."""
        return await ask(self._run, operation, params, self._save)

    def wait_for(self, function: Callable[[], Awaitable[T]]) -> T:
        """Call an async function from another thread than the event loop's; its result.

        Raises `RuntimeError` on the loop's own thread, which would wait for itself, and
        `TaskCancelled` when the task ends first.
        """
        if threading.get_ident() == self._thread:
            raise RuntimeError(
                "a sync handler on the event loop cannot wait for an answer: make it async, or "
                "let it run in a worker thread"
            )

        async def call() -> T:
            return await function()

        try:
            return anyio.from_thread.run(call, token=self._token)
        except (concurrent.futures.CancelledError, asyncio.CancelledError):
            raise TaskCancelled(self.task_id) from None


class BlockingTask:
    """`TaskExecutionContext` from a worker thread: each method waits until it is done."""

    def __init__(self, task: TaskExecutionContext) -> None:
        self._task = task

    @property
    def task_id(self) -> str:
        return self._task.task_id

    @property
    def kind(self) -> str:
        """The task kind's name, or the tool's."""
        return self._task.kind

    @property
    def attempt(self) -> int:
        """See `TaskExecutionContext.attempt`."""
        return self._task.attempt

    @property
    def is_cancelled(self) -> bool:
        """Whether nobody waits for this task any more: a long loop should look now and then."""
        return self._task.is_cancelled

    def set_status(self, status: str, message: str | None = None) -> None:
        """See `TaskExecutionContext.set_status`."""
        self._task.set_status(status, message)

    def update_status(self, message: str) -> None:
        """See `TaskExecutionContext.update_status`."""
        self._task.wait_for(partial(self._task.update_status, message))

    def elicit(
        self, request: Any = None, schema: Mapping[str, Any] | None = None, /, **members: Any
    ) -> ElicitationResult:
        """See `TaskExecutionContext.elicit`."""
        return self._task.wait_for(partial(self._task.elicit, request, schema, **members))

    def create_message(self, request: Any = None, /, **members: Any) -> SamplingResult:
        """See `TaskExecutionContext.create_message`."""
        return self._task.wait_for(partial(self._task.create_message, request, **members))

    def list_roots(self) -> ListRootsResult:
        """See `TaskExecutionContext.list_roots`."""
        return self._task.wait_for(self._task.list_roots)
