"""Whether the process is alive, and whether requests can be served."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import anyio
from zcp_kernel.contracts import EventLog
from zcp_kernel.jsontext import dumps

from ..logs import LOGGER
from ..wire import Request, Send, respond

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel

CHECK_SECONDS = 5.0
"""A store that does not answer within this time counts as unreachable."""

NO_STORE = ((b"cache-control", b"no-store"),)


async def health(request: Request, send: Send) -> None:
    """`/healthz`: this very answer is the proof."""
    await respond(send, 200, dumps({"status": "ok"}), NO_STORE)


class Readiness:
    """`/readyz`: 200 once lifespans were entered, while every store answers, until the server is
    told to stop; else 503. The answer names what is not ready; why goes to the log."""

    def __init__(self, kernel: Kernel, draining: Callable[[], bool]) -> None:
        self._stores = stores_of(kernel)
        self._draining = draining

    async def __call__(self, request: Request, send: Send) -> None:
        checks = {"server": "stopping" if self._draining() else "ok"}

        async def check(store: Any) -> None:
            checks[f"store:{store.name}"] = await _state(store)

        async with anyio.create_task_group() as group:
            for store in self._stores:
                group.start_soon(check, store)
        ready = all(state == "ok" for state in checks.values())
        body = {"status": "ready" if ready else "not ready", "checks": checks}
        await respond(send, 200 if ready else 503, dumps(body), NO_STORE)


def stores_of(kernel: Kernel) -> Sequence[Any]:
    """The stores in use that can say whether they are reachable: they have an async `check()` that
    raises if they are not."""
    log = kernel.stores.shared(EventLog)
    found = (kernel.handles.store, kernel.tasks.store, kernel.keys, log)
    by_id = {id(store): store for store in found if hasattr(store, "check")}
    return list(by_id.values())


async def _state(store: Any) -> str:
    try:
        with anyio.fail_after(CHECK_SECONDS):
            await store.check()
    except Exception as error:
        LOGGER.warning("store %s is not reachable", store.name, exc_info=error)
        return "unreachable"
    return "ok"
