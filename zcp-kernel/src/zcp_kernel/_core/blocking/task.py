"""A task on a server, for code that is not async."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..client.running import ClientTask
    from .home import Home


class BlockingTask:
    """`result()` waits for the result; iterating gives `{taskId, status, statusMessage?, …}` now
    and whenever it changed, the end included. Giving up leaves the task running: `cancel()` ends
    it. Every method may be called from any thread, and raises as its namesake of `ClientTask`.
    """

    def __init__(self, home: Home, task: ClientTask) -> None:
        self._home = home
        self._task = task

    def __repr__(self) -> str:
        return repr(self._task)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return self._home.stream(lambda: aiter(self._task))

    @property
    def task_id(self) -> str:
        return self._task.task_id

    @property
    def state(self) -> dict[str, Any]:
        """`{taskId, status, …}` as last heard of; see `refresh`."""
        return self._task.state

    @property
    def status(self) -> str:
        """As last heard of. Raises `InvalidRequest` for a task nothing was heard of yet."""
        return self._task.status

    @property
    def status_message(self) -> str | None:
        return self._task.status_message

    @property
    def done(self) -> bool:
        """Whether it was heard to have ended."""
        return self._task.done

    def result(self, timeout: float | None = None) -> Any:
        """The result; raises the task's own error, and `DeadlineExceeded` after `timeout`
        seconds."""
        return self._home.wait_for(lambda _, __: self._task.result(timeout))

    def refresh(self) -> dict[str, Any]:
        """Ask how it stands: `{taskId, status, …}`."""
        return self._home.wait_for(lambda _, __: self._task.refresh())

    def cancel(self) -> dict[str, Any]:
        """Have it ended: `{taskId, status, …}`, as the server then says it stands."""
        return self._home.wait_for(lambda _, __: self._task.cancel())

    def answer(self, key: str, response: Any) -> dict[str, Any]:
        """Answer the open request `key`; see `answer_task`."""
        return self._home.wait_for(lambda _, __: self._task.answer(key, response))
