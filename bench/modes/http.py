"""Calls over HTTP: every server process under the same load, the same servers for all.

Under each server all contenders live at once and take turns within every round, so a slow spell of
the machine meets them alike; a ratio is the median of the rounds' ratios.
"""

import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from bench import speech
from bench.environments import FASTMCP_HTTP, MCP2_HTTP, OURS_HTTP, Environment
from bench.load import CONNECTIONS, rate
from bench.report import Bar, Table
from bench.site import UNDER, Message, Site

ROUNDS = 3
SECONDS = 1.0
WARM_UP_SECONDS = 1.0
ECHO, OFFICIAL, FAST, ZCP = "bare ASGI echo", "MCP SDK", "FastMCP", "zcp"
NATIVE = "native, no session"
TOOLS = ("async", "sync")
FASTEST, HOUSE = "uvicorn", "hypercorn uvloop"

APPLICATIONS: dict[str, tuple[Environment, str]] = {
    ECHO: (OURS_HTTP, "http_echo"),
    OFFICIAL: (MCP2_HTTP, "http_official"),
    FAST: (FASTMCP_HTTP, "http_fastmcp"),
    ZCP: (OURS_HTTP, "http_ours"),
}
WAYS: dict[str, tuple[tuple[str, str, str], ...]] = {
    ECHO: (("2026", "/mcp", speech.STATELESS), ("session", "/mcp", speech.SESSION)),
    OFFICIAL: (("2026", "/mcp", speech.STATELESS), ("session", "/mcp", speech.SESSION)),
    FAST: (("session", "/mcp", speech.SESSION),),
    ZCP: (
        ("/mcp 2026", "/mcp", speech.STATELESS),
        ("/mcp session", "/mcp", speech.SESSION),
        ("/zcp", "/zcp", NATIVE),
        ("/zcp session", "/zcp", speech.SESSION),
    ),
}
"""How each is spoken to: a name, a path, a way. The echo gets the very same requests: what a server
spends on header fields is not the application's."""

Rounds = dict[tuple[str, str], list[float]]
"""By row of the table and tool."""


@dataclass
class Stand:
    """One contender under load: its process, and the messages of each of its cells."""

    site: Site
    cells: dict[tuple[str, str], list[Message]] = field(default_factory=dict)
    streams: list[socket.socket] = field(default_factory=list)

    def prepare(self, name: str) -> None:
        """Open the sessions, and see that every call is answered rightly."""
        for label, path, way in WAYS[name]:
            for tool in self.tools(name):
                called = f"echo_{tool}"
                if way == NATIVE:
                    messages = speech.single(path, called)
                elif name == ECHO and way == speech.SESSION:
                    messages = speech.pretended(path, called, CONNECTIONS)
                else:
                    messages, streams = speech.calls(self.site, path, way, called, CONNECTIONS)
                    self.streams += streams
                speech.check(self.site, messages)
                self.cells[f"{name} {label}".strip(), tool] = messages

    def tools(self, name: str) -> Sequence[str]:
        """The sync tool is measured where a bar goes for it."""
        barred = name != ECHO and self.site.under in (HOUSE, FASTEST)
        return TOOLS if barred else TOOLS[:1]

    def close(self) -> None:
        for stream in self.streams:
            stream.close()
        self.site.stop()


def measure() -> list[Table]:
    """A table for each server, with the bars that go for it."""
    return [_under(server) for server in UNDER]


def _under(server: str) -> Table:
    rounds: Rounds = {}
    with ExitStack() as stack:
        stands = []
        for name, (environment, module) in APPLICATIONS.items():
            stand = Stand(Site(environment, module, server))
            stack.callback(stand.close)
            stand.site.start()
            stand.prepare(name)
            stands.append(stand)
        for turn in range(ROUNDS + 1):
            for stand in stands:
                for cell, messages in stand.cells.items():
                    figure = rate(stand.site, messages, SECONDS if turn else WARM_UP_SECONDS)
                    if turn:
                        rounds.setdefault(cell, []).append(figure)
    rows: dict[str, dict[str, float]] = {}
    for (row, tool), figures in rounds.items():
        rows.setdefault(row, {})[f"{tool} tool"] = median(figures)
    for row, figures_of in rows.items():
        figures_of["of the echo"] = _ratio(rounds, (row, "async"), _echo_of(row))
    title = f"Calls over HTTP under {server}, {CONNECTIONS} connections"
    return Table(title, "calls per second", rows, _bars(server, rounds))


def _echo_of(row: str) -> tuple[str, str]:
    """The echo of requests like these."""
    return f"{ECHO} {'2026' if '2026' in row else 'session'}", "async"


def _ratio(rounds: Rounds, ours: tuple[str, str], theirs: tuple[str, str]) -> float:
    pairs = zip(rounds[ours], rounds[theirs], strict=True)
    return median(mine / other for mine, other in pairs)


def _bars(server: str, rounds: Rounds) -> Sequence[Bar]:
    modern, session = f"{ZCP} /mcp 2026", f"{ZCP} /mcp session"
    bars = []

    def bar(what: str, limit: float, ours: tuple[str, str], theirs: tuple[str, str]) -> None:
        bars.append(Bar(f"{server}: {what}", limit, _ratio(rounds, ours, theirs), at_least=True))

    if server == HOUSE:
        bar("2026 / bare echo", 0.8, (modern, "async"), _echo_of(modern))
        bar("session / bare echo", 0.8, (session, "async"), _echo_of(session))
    if server == FASTEST:
        bar("2026 / MCP SDK 2026", 4.5, (modern, "async"), (f"{OFFICIAL} 2026", "async"))
        bar("session / MCP SDK session", 11, (session, "async"), (f"{OFFICIAL} session", "async"))
    if server in (HOUSE, FASTEST):
        bar("/zcp / /mcp 2026", 1, (f"{ZCP} /zcp", "async"), (modern, "async"))
        bar("/zcp session / /mcp session", 1, (f"{ZCP} /zcp session", "async"), (session, "async"))
        bar("2026 sync / async", 0.5, (modern, "sync"), (modern, "async"))
        bar("session sync / async", 0.5, (session, "sync"), (session, "async"))
    return bars
