"""The load generator: raw frames over a server's pipes, no client library between.

Every server is driven by this same code, from this process, so a difference between two servers is
the servers' own.
"""

import json
import os
import subprocess
import time
from collections.abc import Sequence
from typing import Any

READ_BYTES = 1 << 20


class Wire:
    """A server process and its two pipes.

    `started` and `answered` are when it was started and when it answered `initialize`, in seconds
    of `time.perf_counter`.
    """

    def __init__(self, command: Sequence[str]) -> None:
        self.started = self.answered = time.perf_counter()
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in = self._process.stdin.fileno()
        self._out = self._process.stdout.fileno()
        self._rest = b""
        self._last_id = 0

    @property
    def pid(self) -> int:
        return self._process.pid

    def close(self) -> None:
        """End the server: end of input, then by force."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(5)
        assert self._process.stdout is not None
        self._process.stdout.close()

    # -- frames -----------------------------------------------------------------------------------

    def send(self, frame: bytes) -> None:
        view = memoryview(frame)
        while view:
            view = view[os.write(self._in, view) :]

    def lines(self) -> list[bytes]:
        """The lines that have come in, at least one.

        Raises:
            RuntimeError: the server ended its output.
        """
        parts = [self._rest]
        while True:
            chunk = os.read(self._out, READ_BYTES)
            if not chunk:
                raise RuntimeError(f"server {self.pid} ended its output")
            parts.append(chunk)
            if b"\n" in chunk:
                break
        whole = b"".join(parts).split(b"\n")
        self._rest = whole.pop()
        return whole

    def notify(self, method: str, params: Any = None) -> None:
        message = {"jsonrpc": "2.0", "method": method}
        if params is not None:
            message["params"] = params
        self.send(json.dumps(message).encode() + b"\n")

    def request(self, method: str, params: Any = None) -> bytes:
        """One request and the line that answers it, undecoded."""
        self._last_id += 1
        message = {"jsonrpc": "2.0", "id": self._last_id, "method": method}
        if params is not None:
            message["params"] = params
        self.send(json.dumps(message).encode() + b"\n")
        return self.lines()[-1]

    def initialize(self, revision: str = "2025-11-25") -> None:
        """The MCP handshake."""
        answer = self.request(
            "initialize",
            {
                "protocolVersion": revision,
                "capabilities": {},
                "clientInfo": {"name": "bench", "version": "1"},
            },
        )
        self.answered = time.perf_counter()
        if "result" not in json.loads(answer):
            raise RuntimeError(f"initialize was refused: {answer[:500]!r}")
        self.notify("notifications/initialized")

    # -- load -------------------------------------------------------------------------------------

    def sequential(self, tool: str, seconds: float) -> float:
        """Calls per second, each sent when the one before was answered."""
        seen: list[bytes] = []
        begin = time.perf_counter()
        while (now := time.perf_counter()) - begin < seconds:
            self.send(self._call(tool))
            seen += self.lines()
        _check(seen, self._last_id, len(seen))
        return len(seen) / (now - begin)

    def pipelined(self, tool: str, seconds: float, window: int = 64) -> float:
        """Calls per second with `window` calls always under way."""
        seen: list[bytes] = []
        sent = window
        begin = time.perf_counter()
        self.send(b"".join(self._call(tool) for _ in range(window)))
        while (now := time.perf_counter()) - begin < seconds:
            lines = self.lines()
            seen += lines
            sent += len(lines)
            self.send(b"".join(self._call(tool) for _ in lines))
        done = len(seen)
        while len(seen) < sent:
            seen += self.lines()
        _check(seen, self._last_id, sent)
        return done / (now - begin)

    def _call(self, tool: str) -> bytes:
        self._last_id += 1
        return (
            b'{"jsonrpc":"2.0","id":%d,"method":"tools/call","params":'
            b'{"name":"%s","arguments":{"text":"hello %d"}}}\n'
            % (self._last_id, tool.encode(), self._last_id)
        )


def _check(lines: list[bytes], last_id: int, count: int) -> None:
    """Every call answered once, rightly. Not timed."""
    answers = {(message := json.loads(line))["id"]: message for line in lines}
    if sorted(answers) != list(range(last_id - count + 1, last_id + 1)) or len(lines) != count:
        raise RuntimeError("calls were lost or answered twice")
    for number, message in answers.items():
        content = message.get("result", {}).get("content")
        if not content or content[0].get("text") != f"hello {number}":
            raise RuntimeError(f"a wrong answer: {message}")


def resident_megabytes(pid: int) -> float:
    """Resident memory of a process, in 10^6 bytes (Linux: /proc/<pid>/status, VmRSS)."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024 / 1e6
    raise RuntimeError(f"no VmRSS for process {pid}")
