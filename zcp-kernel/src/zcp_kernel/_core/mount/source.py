"""Where the sessions with a mounted server come from."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from ..relaying.line import Line

if TYPE_CHECKING:
    from ...client import ZCPClientSession


class Source(Protocol):
    """Of one mounted server."""

    def line(self, name: Callable[[], str]) -> Line:
        """The line a kernel that starts shares among its clients."""
        ...

    def leave(self) -> bool:
        """A kernel has stopped: whether its line is to be closed now."""
        ...

    def make(self) -> ZCPClientSession:
        """A session of its own for one client."""
        ...


class Factory:
    """Every kernel has its own."""

    def __init__(self, make: Callable[[], ZCPClientSession]) -> None:
        self.make = make

    def line(self, name: Callable[[], str]) -> Line:
        return Line(self.make(), name)

    def leave(self) -> bool:
        return True


class Given:
    """A session that was made elsewhere: all kernels of its event loop share it. Who opened it
    closes it."""

    def __init__(self, session: ZCPClientSession) -> None:
        self._session = session
        self._line: Line | None = None
        self._users = 0
        self._ours = False

    def line(self, name: Callable[[], str]) -> Line:
        if self._line is None:
            self._line = Line(self._session, name)
        if not self._users:
            self._ours = self._session.protocol_version is None
        self._users += 1
        return self._line

    def leave(self) -> bool:
        self._users -= 1
        return self._ours and not self._users

    def make(self) -> ZCPClientSession:
        raise AssertionError("a given session is one, which mounting has checked")
