"""A task on a server, as something to wait for."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from typing import TYPE_CHECKING, Any

from ...errors import InvalidRequest
from ...model import TERMINAL
from .plain import task_answer

if TYPE_CHECKING:
    from .tasks import TaskCalls


class ClientTask:
    """`await task` waits for the result, as `get_task_result` gives it and raises; `async for state
    in task` gives `{taskId, status, statusMessage?, …}` now and whenever it changed, the end
    included. Giving up waiting leaves the task running: `cancel()` ends it.
    """

    def __init__(
        self, session: TaskCalls, state: dict[str, Any], progress_token: int | None = None
    ) -> None:
        self._session = session
        self._state = state
        self._token = progress_token

    def __repr__(self) -> str:
        return f"<task {self.task_id} {self._state.get('status', 'not asked about yet')}>"

    @property
    def task_id(self) -> str:
        task_id: str = self._state["taskId"]
        return task_id

    @property
    def state(self) -> dict[str, Any]:
        """`{taskId, status, …}` as last heard of; see `refresh`."""
        return self._state

    @property
    def status(self) -> str:
        """As last heard of: working, input_required, completed, failed, cancelled; queued on the
        native plane. Raises `InvalidRequest` for a task nothing was heard of yet."""
        status = self._state.get("status")
        if status is None:
            raise InvalidRequest(f"invalid: ask refresh() of task {self.task_id} first")
        return str(status)

    @property
    def status_message(self) -> str | None:
        return self._state.get("statusMessage")

    @property
    def done(self) -> bool:
        """Whether it was heard to have ended."""
        return self._state.get("status") in TERMINAL

    def __await__(self) -> Generator[Any, Any, Any]:
        return self.result().__await__()

    async def result(self, timeout: float | None = None) -> Any:
        """The result; raises as `get_task_result`, after `timeout` seconds `DeadlineExceeded`."""
        outcome = await self._session.get_task_result(self.task_id, timeout=timeout)
        await self.refresh()
        return outcome

    async def refresh(self) -> dict[str, Any]:
        """Ask how it stands: `{taskId, status, …}`."""
        if not self.done:
            self._heard((await self._session.get_task(self.task_id))["task"])
        return self._state

    async def cancel(self) -> dict[str, Any]:
        """Have it ended: `{taskId, status, …}`, as the server then says it stands."""
        self._heard((await self._session.cancel_task(self.task_id))["task"])
        return self._state

    async def answer(self, key: str, response: Any) -> dict[str, Any]:
        """Answer the open request `key`; see `answer_task`."""
        self._heard((await self._session.answer_task(self.task_id, key, response))["task"])
        return self._state

    def __aiter__(self) -> AsyncGenerator[dict[str, Any]]:
        return self._changes()

    async def _changes(self) -> AsyncGenerator[dict[str, Any]]:
        if self.done:
            yield self._state
            return
        async for task in self._session.changes(self.task_id):
            self._heard(task_answer(task)["task"])
            yield self._state

    def _heard(self, state: dict[str, Any]) -> None:
        self._state = state
        if self.done and self._token is not None:
            self._session.stop_progress(self._token)
            self._token = None
