"""How a task reaches the client that started it."""

from __future__ import annotations

from typing import Any, Protocol

from ...errors import ConnectionLost
from ...model import TaskDescriptor


class TaskLink(Protocol):
    """The way back to one client. It may come and go while the task lives."""

    def notify(self, descriptor: TaskDescriptor) -> None:
        """The task as it now stands. Called on the event loop; must not block."""
        ...

    def can_ask(self, operation: str) -> bool:
        """Whether a request of this operation can be sent to the client now.

        Raises `MissingCapability` where it can neither be sent nor be answered later.
        """
        ...

    async def ask(self, operation: str, params: Any) -> Any:
        """Send the request and wait for its result shape.

        Raises `ConnectionLost` or `MissingCapability` when the client is gone or cannot do it.
        """
        ...


class Nobody:
    """The link of a task that another process runs: its own link tells the client."""

    def notify(self, descriptor: TaskDescriptor) -> None:
        return

    def can_ask(self, operation: str) -> bool:
        return False

    async def ask(self, operation: str, params: Any) -> Any:
        raise ConnectionLost("the client is connected to another process")
