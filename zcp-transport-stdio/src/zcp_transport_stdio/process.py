"""A server as a subprocess: started, talked to, and ended without leaving anything behind."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
from anyio.abc import Process
from attrs import frozen
from zcp_kernel.errors import ConnectionLost

from .backend import open_source
from .channel import StdioChannel
from .config import StdioConfig
from .endpoints import Endpoint, OwnPipe
from .stderr import StderrHandler, StderrRelay, pass_through

SHUTDOWN_SECONDS = 2.0
EXPLAIN_SECONDS = 0.25
"""How long the end of the stream waits for the exit code that explains it."""

LEFTOVER_SECONDS = 0.02
"""How often a group is asked whether anybody is left."""

Command = str | Sequence[str]
"""A command line, split as a shell would, or its arguments."""


class SubprocessTransport:
    """Implements `zcp_kernel.contracts.Transport`: `stdio:python server.py` or a bare command."""

    name = "stdio"
    schemes: tuple[str, ...] = ("stdio",)

    def prefer(self, target: Command) -> None:
        """A command does not say what it speaks."""

    def connect(
        self, target: Command, **options: Any
    ) -> AbstractAsyncContextManager[ProcessChannel]:
        """`open_process` with the same options; a string may carry the scheme."""
        if isinstance(target, str):
            target = target.removeprefix("stdio:").removeprefix("//")
        return open_process(target, **options)


class ProcessChannel(StdioChannel):
    """A channel to a server process.

    `pid` is the process and its process group; `exit_reason` says how it ended, with its last lines
    on standard error, once it has.
    """

    def __init__(
        self, process: Process, source: Endpoint, sink: Endpoint, config: StdioConfig
    ) -> None:
        super().__init__(source, sink, config)
        self._process = process
        self.pid = process.pid
        self.exited = anyio.Event()
        self._explained = anyio.Event()

    @property
    def returncode(self) -> int | None:
        """The exit code; negative, the number of the signal that killed it; None while it lives."""
        return self._process.returncode

    async def receive(self) -> bytes:
        """As `StdioChannel.receive`; when the server died, `exit_reason` is set as this raises
        `anyio.EndOfStream`."""
        try:
            return await super().receive()
        except anyio.EndOfStream:
            await self._explain("it closed its output")
            raise

    async def send(self, frame: bytes) -> None:
        """As `StdioChannel.send`; when the server died, `exit_reason` is set as this raises
        `anyio.BrokenResourceError`."""
        try:
            await super().send(frame)
        except anyio.BrokenResourceError:
            await self._explain("it closed its input")
            raise

    async def _explain(self, otherwise: str) -> None:
        """Give the end of the process a moment to be known: it tells more than a broken pipe."""
        if not self._closed:
            with anyio.move_on_after(EXPLAIN_SECONDS):
                await self._explained.wait()
            self.exit_reason = self.exit_reason or otherwise

    async def wait(self) -> None:
        """Wait for the process to end; does not depend on `watch`, which may be cancelled."""
        await self._process.wait()
        self.exited.set()

    def _close_source(self) -> None:
        # Its output stays open until it has ended: its last words must not break on a closed pipe.
        self._source.release()

    async def watch(self, stderr: StderrRelay) -> None:
        """Wait for the end of the process and say why."""
        await self._process.wait()
        self.exited.set()
        self._source.finish()
        stderr.finish()
        with anyio.move_on_after(EXPLAIN_SECONDS):
            await stderr.ended.wait()
        self.exit_reason = describe_exit(self.returncode, stderr.last_words)
        self._explained.set()


def describe_exit(returncode: int | None, last_words: str) -> str:
    """`exit code 3`, `killed by SIGKILL`; with the last lines of standard error, if any."""
    if returncode is not None and returncode < 0:
        try:
            how = f"killed by {signal.Signals(-returncode).name}"
        except ValueError:
            how = f"killed by signal {-returncode}"
    else:
        how = f"exit code {returncode}"
    return f"{how}; stderr: {last_words}" if last_words else how


@asynccontextmanager
async def open_process(
    command: Command,
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | Path | None = None,
    stderr_handler: StderrHandler | None = None,
    shutdown_seconds: float = SHUTDOWN_SECONDS,
    config: StdioConfig | None = None,
) -> AsyncGenerator[ProcessChannel]:
    """Start a server and yield a channel to it.

    A string is split as a shell would (`shlex`), but no shell runs. The server inherits the whole
    environment, with `env` over it, as a program started by hand would. `stderr_handler` gets each
    line the server writes there (sync or async; our own standard error if not given). The server
    runs in a session and process group of its own, so Ctrl-C reaches it only through us.

    Leaving closes its input and waits; after `shutdown_seconds` the group gets SIGTERM, after as
    long again SIGKILL. Children it leaves in its group are ended the same way. Sequence and waits:
    MCP 2025-11-25, basic/lifecycle, "Shutdown".

    Raises `ConnectionLost` with `retryable=False` if the command cannot be started (the error type
    of every link that cannot be had, so that a group of sessions survives it as one).
    """
    launch = _Launch(_argv(command), env, cwd)
    process, ends = await launch.start()
    channel = ProcessChannel(process, ends.stdout, ends.stdin, config or StdioConfig())
    relay = StderrRelay(ends.stderr, stderr_handler or pass_through)
    failure: BaseException | None = None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(channel.watch, relay)
        tasks.start_soon(relay.run)
        try:
            yield channel
        except (Exception, KeyboardInterrupt, SystemExit) as error:
            # Kept out of the task group, which would wrap it in an exception group.
            failure = error
        finally:
            with anyio.CancelScope(shield=True):
                await _end(channel, ends.stdout, shutdown_seconds)
            tasks.cancel_scope.cancel()
    if failure is not None:
        raise failure


def _argv(command: Command) -> list[str]:
    argv = shlex.split(command) if isinstance(command, str) else [str(part) for part in command]
    if not argv:
        raise ConnectionLost("stdio: the command is empty", retryable=False)
    return argv


@frozen
class _Ends:
    """Our ends of a process's streams."""

    stdin: Endpoint
    stdout: Endpoint
    stderr: Endpoint


@frozen
class _Launch:
    argv: list[str]
    env: Mapping[str, str] | None
    cwd: str | Path | None

    async def start(self) -> tuple[Process, _Ends]:
        with ExitStack() as ours, ExitStack() as theirs:
            stdin_r, stdin_w = _pipe(theirs, ours)
            stdout_w, stdout_r = _pipe(theirs, ours, reverse=True)
            stderr_w, stderr_r = _pipe(theirs, ours, reverse=True)
            process = await self._spawn(stdin_r, stdout_w, stderr_w)
            ends = _Ends(OwnPipe(stdin_w), OwnPipe(stdout_r), OwnPipe(stderr_r))
            ours.pop_all()
            return process, ends

    async def _spawn(self, stdin: int, stdout: int, stderr: int) -> Process:
        try:
            return await anyio.open_process(
                self.argv,
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
                cwd=self.cwd,
                env=None if self.env is None else {**os.environ, **self.env},
                start_new_session=True,
            )
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            raise ConnectionLost(self._explain(error), retryable=False) from error

    def _explain(self, error: Exception) -> str:
        program = self.argv[0]
        if self.cwd is not None and not os.path.isdir(self.cwd):
            return f"stdio: cannot start {program!r}: there is no directory {str(self.cwd)!r}"
        if isinstance(error, FileNotFoundError):
            where = "no such file" if os.path.dirname(program) else f"not found on {self._path()}"
            return f"stdio: cannot start {program!r}: {where}"
        return f"stdio: cannot start {program!r}: {error}"

    def _path(self) -> str:
        path = {**os.environ, **(self.env or {})}.get("PATH")
        return "PATH, which is not set" if path is None else f"PATH ({path})"


def _pipe(theirs: ExitStack, ours: ExitStack, *, reverse: bool = False) -> tuple[int, int]:
    """Their end and our end of a pipe; each is closed with its stack. Ours does not block: the two
    ends are separate file descriptions, so theirs still does."""
    reader, writer = os.pipe()
    their, our = (writer, reader) if reverse else (reader, writer)
    theirs.callback(os.close, their)
    ours.callback(os.close, our)
    os.set_blocking(our, False)
    return their, our


async def _end(channel: ProcessChannel, output: Endpoint, seconds: float) -> None:
    """Close the input and wait; then SIGTERM, then SIGKILL. The output is read on meanwhile, for a
    server that waits for room in its pipe does not see the end of its input."""
    await channel.aclose()
    source = open_source(output)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_discard, source.read)
        for signum in (None, signal.SIGTERM, signal.SIGKILL):
            if signum is not None:
                _signal_group(channel.pid, signum)
            with anyio.move_on_after(seconds):
                await channel.wait()
                break
        tasks.cancel_scope.cancel()
    source.close()
    await _end_leftovers(channel.pid, seconds)


async def _discard(read: Any) -> None:
    while await read():
        pass


async def _end_leftovers(group: int, seconds: float) -> None:
    """End the children a server left in its group. While one lives the number of the group is not
    given to another; that it was reused since the server was reaped would take a full turn of the
    process numbers."""
    if not _signal_group(group, signal.SIGTERM):
        return
    deadline = anyio.current_time() + seconds
    while anyio.current_time() < deadline:
        await anyio.sleep(LEFTOVER_SECONDS)
        if not _signal_group(group, 0):
            return
    _signal_group(group, signal.SIGKILL)


def _signal_group(group: int, signum: int) -> bool:
    """False if the group has no members (macOS says PermissionError for zombies only)."""
    try:
        os.killpg(group, signum)
    except (ProcessLookupError, PermissionError):
        return False
    return True
