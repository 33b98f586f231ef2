"""Who connects while the stand-alone server stops."""

from __future__ import annotations

import socket
from contextlib import ExitStack

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest
from ws_kitchen import Kitchen, listening
from ws_raw import handshake

pytestmark = pytest.mark.anyio

COMERS = 20
PATIENCE_SECONDS = 5.0


def _answered(comer: socket.socket, port: int) -> bool:
    """Whether it is answered, or refused, rather than left waiting."""
    comer.settimeout(PATIENCE_SECONDS)
    try:
        comer.sendall(handshake(port))
        comer.recv(4096)
    except TimeoutError:
        return False
    except OSError:
        return True
    return True


@pytest.mark.parametrize("turns", range(5))
async def test_nobody_is_left_waiting(turns: int) -> None:
    with ExitStack() as held:
        async with listening(Kitchen()) as where:
            comers = [
                held.enter_context(socket.create_connection(("127.0.0.1", where.port)))
                for _ in range(COMERS)
            ]
            for _ in range(turns):
                await anyio.lowlevel.checkpoint()
        for comer in comers:
            assert await anyio.to_thread.run_sync(_answered, comer, where.port)
