"""A load generator for machines without `wrk`: raw requests on many connections, standard library
only. It is slower than a fast server: its figures understate those."""

import asyncio
import json
import sys
import time
from functools import partial
from typing import Any


class Connection(asyncio.Protocol):
    """Sends its request again when it was answered, until it is told to stop."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._buffer = b""
        self.done = 0
        self.failed = ""
        self.stopping = False
        self.closed = asyncio.Event()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.stopping:
            self.failed = f"the server closed a connection: {exc}"
        self.closed.set()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found or not _complete(head.lower(), body):
            return
        if not head.startswith(b"HTTP/1.1 2"):
            self.failed = self._buffer.decode(errors="replace")
        self._buffer = b""
        self.done += 1
        if self.stopping or self.failed:
            self.stopping = True
            self._transport.close()
        else:
            self._send()

    def _send(self) -> None:
        self._transport.write(self._request)


def _same(link: Connection) -> Connection:
    return link


def _complete(head: bytes, body: bytes) -> bool:
    if b"transfer-encoding: chunked" in head:
        return body.endswith(b"0\r\n\r\n")
    length = head.partition(b"content-length:")[2].split(b"\r\n", 1)[0]
    return len(body) >= int(length or 0)


async def main() -> None:
    task = json.load(sys.stdin)
    requests = [request.encode() for request in task["requests"]]
    loop = asyncio.get_running_loop()
    begun = time.perf_counter()
    links = [Connection(requests[at % len(requests)]) for at in range(task["connections"])]
    for link in links:
        await loop.create_connection(partial(_same, link), "127.0.0.1", task["port"])
    await asyncio.sleep(task["seconds"])
    done, spent = sum(link.done for link in links), time.perf_counter() - begun
    for link in links:
        link.stopping = True
    await asyncio.wait_for(asyncio.gather(*(link.closed.wait() for link in links)), 20)
    failed = next((link.failed for link in links if link.failed), None)
    if failed:
        raise SystemExit(failed)
    print(done / spent)


asyncio.run(main())
