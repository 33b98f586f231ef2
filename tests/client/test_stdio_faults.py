"""A server that dies anywhere in the middle of a call, stands still, or closes its output: that
call fails, typed; the next one is answered, by a server that is started anew if need be."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

import anyio
import pytest
from zcp_kernel.errors import ConnectionLost, DeadlineExceeded
from zcp_transport_stdio.client import stdio_client

from tests.stdio.helpers import SERVERS, dies

pytestmark = pytest.mark.anyio

REVISION = "2025-11-25"
PATIENCE = 20.0
# Without `site`, which takes most of the time such a server needs to start.
CUTTING = [sys.executable, "-I", "-S", str(SERVERS / "cutting.py")]
LONGEST_ANSWER = 110
"""Bytes; it depends on the number of the process."""


def said(answer: Any) -> str:
    return str(answer["content"][0]["text"])


async def test_an_answer_cut_at_every_byte() -> None:
    failed: list[ConnectionLost] = []
    async with stdio_client(CUTTING, revision=REVISION) as client:
        for cut in range(LONGEST_ANSWER):
            with anyio.fail_after(PATIENCE):
                try:
                    answer = await client.call_tool("x", {"bytes": cut, "how": "exit"})
                except ConnectionLost as error:
                    failed.append(error)
                else:
                    # Whole but for the end of its line.
                    assert said(answer).isdigit()
                    break
        assert len(failed) > LONGEST_ANSWER / 2
        assert all("exit code 3" in str(error) and not error.retryable for error in failed)


@pytest.mark.parametrize("how", ["exit", "killed", "closed"])
async def test_the_next_call_is_answered_by_a_server_started_anew(how: str) -> None:
    async with stdio_client(CUTTING, revision=REVISION, shutdown_seconds=0.2) as client:
        first = said(await client.call_tool("x"))
        with pytest.raises(ConnectionLost) as failed, anyio.fail_after(PATIENCE):
            await client.call_tool("x", {"bytes": 20, "how": how})
        assert not failed.value.retryable
        with anyio.fail_after(PATIENCE):
            second = said(await client.call_tool("x"))
        assert second != first
        assert dies(int(first))


async def test_what_may_be_repeated_is_sent_again_once() -> None:
    async with stdio_client(CUTTING, revision=REVISION) as client:
        with pytest.raises(ConnectionLost) as failed, anyio.fail_after(PATIENCE):
            await client.call_tool("x", {"bytes": 5, "how": "exit"}, idempotent=True)
        assert failed.value.retryable
        with anyio.fail_after(PATIENCE):
            assert said(await client.call_tool("x", idempotent=True)).isdigit()


async def test_killed_with_calls_in_flight() -> None:
    async with stdio_client(CUTTING, revision=REVISION) as client:
        pid = int(said(await client.call_tool("x")))
        os.kill(pid, signal.SIGSTOP)
        failed: list[ConnectionLost] = []

        async def doomed() -> None:
            with pytest.raises(ConnectionLost) as lost:
                await client.call_tool("x")
            failed.append(lost.value)

        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as tasks:
                for _ in range(10):
                    tasks.start_soon(doomed)
                # Nothing tells when a call is on its way.
                while len(client.in_flight) < 10:  # noqa: ASYNC110
                    await anyio.sleep(0.01)
                os.kill(pid, signal.SIGKILL)
            assert int(said(await client.call_tool("x"))) != pid
        assert len(failed) == 10
        assert all("SIGKILL" in str(error) and not error.retryable for error in failed)


async def test_a_server_that_stands_still_and_goes_on() -> None:
    async with stdio_client(CUTTING, revision=REVISION) as client:
        pid = int(said(await client.call_tool("x")))
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(DeadlineExceeded), anyio.fail_after(PATIENCE):
                await client.call_tool("x", timeout=0.2)
        finally:
            os.kill(pid, signal.SIGCONT)
        with anyio.fail_after(PATIENCE):
            assert int(said(await client.call_tool("x"))) == pid


async def test_a_server_that_reads_nothing_does_not_hold_a_call_beyond_its_deadline() -> None:
    """Its pipe is full, and so is what is kept for it: the call cannot even be sent."""
    async with stdio_client(CUTTING, revision=REVISION) as client:
        pid = int(said(await client.call_tool("x")))
        os.kill(pid, signal.SIGSTOP)
        late: list[str] = []

        async def one() -> None:
            with pytest.raises(DeadlineExceeded):
                await client.call_tool("x", {"text": "x" * 4_000_000}, timeout=0.3)
            late.append("late")

        try:
            with anyio.fail_after(PATIENCE):
                async with anyio.create_task_group() as tasks:
                    for _ in range(12):
                        tasks.start_soon(one)
        finally:
            os.kill(pid, signal.SIGCONT)
        assert len(late) == 12
        with anyio.fail_after(PATIENCE):
            assert int(said(await client.call_tool("x"))) == pid
