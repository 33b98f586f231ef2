"""hypercorn's listening sockets, with the system watching over long silences."""

from __future__ import annotations

import asyncio
import os
import socket
from typing import Any

import anyio
from hypercorn.config import Config, Sockets

PROBES = 2


class WatchedConfig(Config):
    """hypercorn's settings, and how long a connection may be silent before the system asks whether
    its peer is still there: `probe_seconds` (0: never). One that does not answer in as long is
    reset. hypercorn's own pings (`websocket_ping_interval`) wait for no answer, and their task
    holds a closed connection open for an interval.
    """

    probe_seconds: float = 0
    _created: Sockets | None = None

    def create_sockets(self) -> Sockets:
        created = self._created = super().create_sockets()
        if self.probe_seconds:
            # What is accepted inherits these.
            for each in (*created.secure_sockets, *created.insecure_sockets):
                if each.family in (socket.AF_INET, socket.AF_INET6):
                    _watch(each, self.probe_seconds)
        return created

    def stop_accepting(self) -> None:
        """Leave new connections to the other processes that listen on the same socket. A connection
        taken just before hypercorn stops would be closed before its request is read.
        """
        if self._created is None:
            return
        on_asyncio = issubclass(anyio.get_cancelled_exc_class(), asyncio.CancelledError)
        loop = asyncio.get_running_loop() if on_asyncio else None
        for each in (*self._created.secure_sockets, *self._created.insecure_sockets):
            if each.family == socket.AF_UNIX:
                continue
            if isinstance(loop, asyncio.SelectorEventLoop):
                loop.remove_reader(each)
            else:
                _deafen(each)


def _deafen(listener: socket.socket) -> None:
    """Have this descriptor stand for a socket nobody connects to. For event loops that offer no way
    to accept no more: what they wait for never comes. The other processes have descriptors of their
    own for the socket this one stood for."""
    host = "::1" if listener.family == socket.AF_INET6 else "127.0.0.1"
    with socket.socket(listener.family, listener.type) as deaf:
        deaf.setblocking(False)
        deaf.bind((host, 0))
        deaf.listen(1)
        os.dup2(deaf.fileno(), listener.fileno(), inheritable=False)


def _watch(listener: socket.socket, seconds: float) -> None:
    pause = max(1, round(seconds / PROBES))
    options: dict[str, Any] = {
        "TCP_KEEPIDLE": max(1, round(seconds)),
        "TCP_KEEPINTVL": pause,
        "TCP_KEEPCNT": PROBES,
        "TCP_USER_TIMEOUT": round(2 * seconds * 1000),
    }
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in options.items():
        # Not every system has all of them.
        option: int | None = getattr(socket, name, None)
        if option is not None:
            listener.setsockopt(socket.IPPROTO_TCP, option, value)
