"""A change in one process is heard by the clients of another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlite_servers import Server, server
from zcp_kernel.model import ResourceUpdated, ToolListChanged

pytestmark = pytest.mark.anyio


class Listener:
    """Stands in the audience of a kernel, as a session does."""

    def __init__(self, wanted: type) -> None:
        self.wanted = wanted
        self.heard: list[Any] = []
        self.changed = anyio.Event()

    def hears(self, notice: Any) -> bool:
        return isinstance(notice, self.wanted)

    def post(self, notice: Any) -> None:
        self.heard.append(notice)
        self.changed.set()

    def close(self, reason: str) -> None:
        """Nothing to end."""


def listening(here: Server, wanted: type) -> Listener:
    listener = Listener(wanted)
    here.kernel.audience.add(listener)
    return listener


async def test_every_process_hears_once(tmp_path: Path) -> None:
    path = tmp_path / "z.db"
    async with server(path) as one, server(path) as other:
        here, there = listening(one, ResourceUpdated), listening(other, ResourceUpdated)
        lists = listening(other, ToolListChanged)
        await anyio.sleep(0.1)
        one.kernel.broadcast(ResourceUpdated("note://1"))
        one.kernel.broadcast(ToolListChanged())
        with anyio.fail_after(10):
            await there.changed.wait()
            await lists.changed.wait()
        await anyio.sleep(0.1)
        assert [notice.uri for notice in there.heard] == ["note://1"]
        assert [notice.uri for notice in here.heard] == ["note://1"]
        assert lists.heard == [ToolListChanged()]
