"""A peer that says the same nonsense for ever does not fill the log."""

from __future__ import annotations

import logging

import anyio
import pytest
from zcp_kernel.client import session_over
from zcp_kernel.testing.echo import EchoDialect

from .conftest import FakeServer

pytestmark = pytest.mark.anyio
LINES = 20_000


@pytest.mark.parametrize(
    "line",
    [
        b"nonsense",
        b"[1]",
        b'{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"what?"}}',
        b'{"jsonrpc":"2.0","method":"notifications/progress","params":[1]}',
    ],
)
async def test_the_same_warning_is_told_ever_more_rarely(
    line: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    server = FakeServer(ping={})
    async with session_over(server.connect, dialects=[EchoDialect()]) as client:
        with caplog.at_level(logging.WARNING, logger="zcp.client"), anyio.fail_after(30):
            assert server.channel is not None
            for _ in range(LINES):
                await server.channel.send(line)
            assert await client.ping() == {"ok": True}
        told = [record.getMessage() for record in caplog.records]
        assert 5 <= len(told) <= 10, told
        assert "(10000 times so far)" in told[-1]
