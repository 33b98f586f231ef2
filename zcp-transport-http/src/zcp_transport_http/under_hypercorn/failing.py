"""Connections that fail for themselves alone."""

from __future__ import annotations

import logging
from importlib import import_module
from typing import Any

__all__ = ["fail_alone", "lost"]

log = logging.getLogger("zcp.hypercorn")

BACKENDS = {"hypercorn.trio.lifespan": "trio", "hypercorn.asyncio.lifespan": "asyncio"}
"""Where hypercorn's end of an ASGI lifespan is defined, and on which event loop it runs."""


def lost(errors: BaseExceptionGroup[Exception]) -> None:
    """Log that a connection ended by an error hypercorn does not expect."""
    first: BaseException = errors
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    log.warning("a connection was given up: %s: %s", type(first).__name__, first)
    log.debug("how it failed", exc_info=errors)


def fail_alone(send: Any) -> None:
    """Have the hypercorn whose lifespan's `send` this is serve connections with the classes of this
    package: it looks them up when it takes one in, which it does once the lifespan has begun.
    Nothing under another server, and where hypercorn has no such names any more."""
    backend = BACKENDS.get(type(getattr(send, "__self__", None)).__module__)
    if backend is None:
        return
    from .streams import Protocol

    connection: Any = import_module(f".on_{backend}", __package__).Connection
    _instead(import_module(f"hypercorn.{backend}.run"), "TCPServer", connection)
    _instead(import_module("hypercorn.protocol"), "H2Protocol", Protocol)


def _instead(module: Any, name: str, ours: Any) -> None:
    if hasattr(module, name):
        setattr(module, name, ours)
