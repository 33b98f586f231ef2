"""Sessions by the thousand: what they weigh, whether they are freed, how fast all of them hear."""

import json
import selectors
import socket
import subprocess
import time
from contextlib import ExitStack

from bench.environments import OURS_HTTP, ROOT, interpreter
from bench.report import Bar, Table
from bench.site import Message, Site
from bench.speech import listening, open_session, request

KEPT = 10_000
PASSING = 100_000
STREAMS = 1_000
ROUNDS = 5
SERVER = "hypercorn uvloop"
KIB = 1024
GIVE_UP_SECONDS = 20.0
NEWS = b"notifications/tools/list_changed"


def measure() -> list[Table]:
    command = [interpreter(OURS_HTTP), "-m", "bench.workers.http_sessions", str(KEPT), str(PASSING)]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, encoding="utf-8", timeout=600, check=True
    )
    found = json.loads(done.stdout)
    each, grown = found["each"] / KIB, found["grown"] / KIB / KIB
    heard = _slowest_broadcast()
    rows = {
        f"{KEPT:,} open, KiB each": {"zcp": each},
        f"{PASSING:,} opened and closed, MiB more than before": {"zcp": grown},
        f"{STREAMS:,} streams hear a broadcast, s (slowest of {ROUNDS})": {"zcp": heard},
    }
    bars = [
        Bar("KiB for an open session", 8, each, at_least=False),
        Bar(f"MiB left behind by {PASSING:,} sessions", 4, grown, at_least=False),
        Bar(f"s until {STREAMS:,} streams have heard", 1, heard, at_least=False),
    ]
    return [Table("Sessions", "sessions", rows, bars)]


def _slowest_broadcast() -> float:
    """Seconds from the call that changes the list of tools until the last stream has heard."""
    with ExitStack() as stack:
        site = Site(OURS_HTTP, "http_ours", SERVER)
        site.start()
        stack.callback(site.stop)
        streams: list[socket.socket] = []
        for _ in range(STREAMS):
            headers = open_session(site, "/mcp", "2025-11-25")
            stream = listening(site, "/mcp", headers)
            stack.callback(stream.close)
            stream.setblocking(False)
            streams.append(stream)
        call = Message("/mcp", headers, request("tools/call", {"name": "announce"}))
        return max(_broadcast(site, call, streams) for _ in range(ROUNDS))


def _broadcast(site: Site, call: Message, streams: list[socket.socket]) -> float:
    waiting = dict.fromkeys(streams, b"")
    with selectors.DefaultSelector() as selector:
        for stream in streams:
            selector.register(stream, selectors.EVENT_READ, stream)
        begun = time.perf_counter()
        site.post(call)
        while waiting:
            if time.perf_counter() - begun > GIVE_UP_SECONDS:
                raise RuntimeError(f"{len(waiting)} streams heard nothing")
            for key, _ in selector.select(1.0):
                stream = key.data
                waiting[stream] += stream.recv(4096)
                if NEWS in waiting[stream]:
                    del waiting[stream]
                    selector.unregister(stream)
        return time.perf_counter() - begun
