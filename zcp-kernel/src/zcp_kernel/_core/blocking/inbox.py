"""What an event loop in another thread asks of the thread that waits for it.

Rules of this file:
- Errands are run in the order they came, and all of them before the call that waits returns.
- A thread that was interrupted runs no more errands: whoever waits for one is told so.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

import anyio

from ...errors import InternalError

log = logging.getLogger("zcp.client")


class Errand:
    """A call to be made in the waiting thread; `finished` is called there once it is over."""

    def __init__(
        self, action: Callable[[], Any], finished: Callable[[], object] | None = None
    ) -> None:
        self._action = action
        self._finished = finished
        self.wanted = True
        self.result: Any = None
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            if self.wanted:
                self.result = self._action()
        except Exception as error:
            self.error = error
            if self._finished is None:
                log.exception("a notification handler failed")
        except BaseException:
            self.error = InternalError("the client was interrupted")
            raise
        finally:
            self._over()

    def refuse(self) -> None:
        self.error = InternalError("the client was interrupted")
        self._over()

    def _over(self) -> None:
        if self._finished is not None:
            self._finished()


class Inbox:
    """The errands of one waiting thread. All but `serve` and `refuse` is the event loop's."""

    def __init__(self) -> None:
        self._errands: SimpleQueue[Errand | None] = SimpleQueue()
        self._scope: anyio.CancelScope | None = None
        self.interrupted = False

    def put(self, errand: Errand) -> None:
        self._errands.put(errand)

    def close(self) -> None:
        """The call is over: there will be no more errands."""
        self._errands.put(None)

    def serve(self) -> None:
        """Run errands until the call is over."""
        while (errand := self._errands.get()) is not None:
            errand.run()

    def refuse(self) -> None:
        """Wait until the call is over without running anything."""
        while (errand := self._errands.get()) is not None:
            errand.refuse()

    def cancels(self, scope: anyio.CancelScope) -> None:
        self._scope = scope
        if self.interrupted:
            scope.cancel()

    def interrupt(self) -> None:
        """Cancel the call, also one that has yet to begin."""
        self.interrupted = True
        if self._scope is not None:
            self._scope.cancel()
