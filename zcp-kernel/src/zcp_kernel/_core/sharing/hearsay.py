"""What one process of a server announces reaches the clients of all: over a configured bus."""

from __future__ import annotations

import logging
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any

import anyio

from ...codec import PLAIN
from ...contracts import Bus, Lagged
from ...model import PromptListChanged, ResourceListChanged, ResourceUpdated, ToolListChanged

if TYPE_CHECKING:
    from ..kernel import Kernel

logger = logging.getLogger("zcp")

TOPIC = "zcp.notices"
AGAIN_SECONDS = 1.0

_SHAPES: dict[str, type[Any]] = {
    shape.__name__: shape
    for shape in (PromptListChanged, ResourceListChanged, ResourceUpdated, ToolListChanged)
}
_LISTS = tuple(shape for shape in _SHAPES.values() if shape is not ResourceUpdated)


class Hearsay:
    """Passes announcements on to other processes, and takes in theirs."""

    def __init__(self, kernel: Kernel, bus: Bus) -> None:
        self._kernel = kernel
        self._bus = bus
        self._me = secrets.token_hex(8)

    def pass_on(self, notice: Any) -> None:
        """Tell the other processes, as soon as may be. On the event loop's thread."""
        name = type(notice).__name__
        if name in _SHAPES:
            event = {"from": self._me, "notice": name, "params": PLAIN.encode(notice)}
            self._kernel.spawn(partial(self._publish, event))

    async def _publish(self, event: dict[str, Any]) -> None:
        try:
            await self._bus.publish(TOPIC, event)
        except Exception:
            logger.exception("other processes could not be told of a change")

    async def listen(self) -> None:
        """Until cancelled."""
        while True:
            try:
                async with self._bus.subscribe(TOPIC) as events:
                    while True:
                        await self._take(events)
            except Exception:
                logger.exception("the bus failed; listening anew")
                await anyio.sleep(AGAIN_SECONDS)

    async def _take(self, events: Any) -> None:
        try:
            event = await anext(events)
        except Lagged as lagged:
            logger.warning("%s: telling clients that every list changed", lagged)
            for changed in _LISTS:
                self._kernel.announce(changed())
            return
        shape = _SHAPES.get(event.get("notice", ""))
        if shape is not None and event.get("from") != self._me:
            self._kernel.announce(PLAIN.decode(shape, event.get("params") or {}))
