"""A foreign server dies in the middle of a call and comes back: that call fails typed, the next one
succeeds without the user doing anything, and what the old session was told the new one knows too.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio import to_thread
from server_process import Server
from zcp_kernel.errors import ConnectionLost

from tests.interop.drivers.face import text_of
from tests.interop.visits.everything import NOTE
from tests.interop.visits.hosting import hosted
from tests.interop.visits.hosts import (
    FASTMCP_SERVER,
    HOSTS,
    NEWEST,
    PEER_HOSTS,
    SERVER_EVERYTHING,
    STATELESS,
    Host,
)
from tests.interop.visits.live import UPDATED
from tests.interop.visits.visit import Run, Visit, visiting

FAIL_SECONDS = 10.0
STEP_SECONDS = 60.0

NETWORKED = [
    pytest.param(host, transport, revision, id=f"{host.name}-{transport}-{revision}")
    for host in HOSTS
    for transport in host.transports
    if transport != "stdio"
    for revision in host.revisions_over(transport)
    if revision in (NEWEST, STATELESS)
]

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def standing(
    host: Host, transport: str, folder: Path, port: int | None = None
) -> AsyncIterator[Server]:
    """`hosted`, without holding the event loop up."""
    async with AsyncExitStack() as stack:
        process = hosted(host, transport, folder, port)
        running = await to_thread.run_sync(process.__enter__)
        stack.push_async_callback(to_thread.run_sync, process.__exit__, None, None, None)
        yield running


async def echo(visit: Visit) -> str:
    member = "message" if visit.run.host is SERVER_EVERYTHING else "text"
    return text_of(await visit.client.call_tool("echo", {member: "here"}))


async def _killed_in_a_call(visit: Visit, running: Server) -> None:
    """The call is under way when the process is killed."""
    begun, failed = anyio.Event(), anyio.Event()

    async def call() -> None:
        with pytest.raises(ConnectionLost):
            await _long_call(visit)
        failed.set()

    async def hear() -> None:
        kind = "notifications/progress" if visit.run.host is SERVER_EVERYTHING else "log"
        await visit.inbox.until(kind)
        begun.set()

    async with anyio.create_task_group() as group:
        group.start_soon(call)
        group.start_soon(hear)
        await begun.wait()
        running.process.kill()
        with anyio.fail_after(FAIL_SECONDS):
            await failed.wait()


async def _long_call(visit: Visit) -> None:
    if visit.run.host is not SERVER_EVERYTHING:
        await visit.client.call_tool("wait_for_ever", {"name": visit.unique})
        return
    given = {"duration": 60, "steps": 1200}
    name = "trigger-long-running-operation"
    await visit.client.call_tool(name, given, progress=lambda _: None)


async def _watched(visit: Visit) -> str:
    uri = NOTE if visit.run.host is SERVER_EVERYTHING else "note://greeting"
    await visit.client.subscribe_resource(uri)
    return uri


async def _told_of(visit: Visit, uri: str) -> None:
    """The new server tells of what was subscribed to at the old one."""
    before = len(visit.inbox.of(UPDATED))
    while len(visit.inbox.of(UPDATED)) == before:
        # Without a session it is told anew beside the calls: changes until then are not heard of.
        if visit.run.host is SERVER_EVERYTHING:
            await visit.client.call_tool("toggle-subscriber-updates")
        else:
            await visit.client.call_tool("touch", {"uri": uri})
        await anyio.sleep(0.1)
    assert visit.inbox.of(UPDATED)[-1]["uri"] == uri


@pytest.mark.parametrize(("host", "transport", "revision"), NETWORKED)
async def test_killed_and_restarted_on_the_same_port(
    host: Host, transport: str, revision: str, tmp_path: Path, anyio_backend_name: str
) -> None:
    run = Run(host, transport, "named", anyio_backend_name, revision)
    with anyio.fail_after(STEP_SECONDS):
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(standing(host, transport, tmp_path))
            place = host.place(transport, first.port)
            visit = await stack.enter_async_context(visiting(run, place))
            if visit.stateless:
                await visit.client.set_logging_level("warning")
            uri = None if host is FASTMCP_SERVER else await _watched(visit)
            assert "here" in await echo(visit)
            await _killed_in_a_call(visit, first)
            first.process.wait()
            async with standing(host, transport, tmp_path, first.port):
                assert "here" in await echo(visit)
                assert visit.client.protocol_version == revision
                if uri is not None:
                    await _told_of(visit, uri)


@pytest.mark.parametrize("host", PEER_HOSTS, ids=lambda host: host.name)
async def test_a_process_that_ends_is_started_again(host: Host, anyio_backend_name: str) -> None:
    run = Run(host, "stdio", "named", anyio_backend_name)
    with anyio.fail_after(STEP_SECONDS):
        async with visiting(run, host.command("stdio", 0)) as visit:
            uri = None if host is FASTMCP_SERVER else await _watched(visit)
            with anyio.fail_after(FAIL_SECONDS), pytest.raises(ConnectionLost):
                await visit.client.call_tool("die")
            assert "here" in await echo(visit)
            if uri is not None:
                await _told_of(visit, uri)
