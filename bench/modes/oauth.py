"""What authorization takes: of a call, of an exchange, of a sign-in, and of a file that is full."""

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

from bench import speech
from bench.environments import OURS_OAUTH, ROOT, interpreter
from bench.load import CONNECTIONS, rate
from bench.report import Bar, Table
from bench.site import Message, Site

ROUNDS = 7
SECONDS = 1.0
SIGN_IN_SECONDS = 3.0
SERVERS = ("uvicorn", "hypercorn uvloop")
WAYS = {"2026": speech.STATELESS, "session": speech.SESSION}
SOME, CLIENTS, TOKENS = 100, 100_000, 1_000_000
EXCHANGING = (1, 16, 64)
SIGNING_IN = 8
LONGEST_SECONDS = 900


def measure() -> list[Table]:
    """Everything is paired, or against a fixed bar."""
    with tempfile.TemporaryDirectory() as folder:
        small, full = Path(folder, "small.db"), Path(folder, "full.db")
        user = _store("fill", str(small), str(SOME), str(SOME))
        calls = [_calls(server, small, user["token"]) for server in SERVERS]
        user_of_full = _store("fill", str(full), str(CLIENTS), str(TOKENS))
        return [
            *calls,
            _issuing({"small file": (small, user), "full file": (full, user_of_full)}),
            _lookups({"small file": small, "full file": full}),
            _sign_ins(small, user),
        ]


def _calls(server: str, database: Path, token: str) -> Table:
    """The same server without and with authorization, alive at once and taking turns. Both get the
    very same requests: what a server spends on header fields is not the application's."""
    credentials = {"authorization": f"Bearer {token}"}
    rounds: dict[tuple[str, str], list[float]] = {}
    spent: dict[tuple[str, str], list[float]] = {}
    with ExitStack() as stack:
        sites = {
            "without": _site(stack, "http_ours", server),
            "with": _site(stack, "http_oauth", server, database),
        }
        messages: dict[tuple[str, str], list[Message]] = {}
        for name, site in sites.items():
            for label, way in WAYS.items():
                cell, streams = speech.calls(
                    site, "/mcp", way, "echo_async", CONNECTIONS, credentials
                )
                for stream in streams:
                    stack.callback(stream.close)
                speech.check(site, cell)
                messages[name, label] = cell
        for turn in range(ROUNDS + 1):
            for label in WAYS:
                for name, site in sites.items():
                    before = _processor_seconds(site)
                    figure = rate(site, messages[name, label], SECONDS)
                    if turn:
                        rounds.setdefault((name, label), []).append(figure)
                        used = (_processor_seconds(site) - before) / (figure * SECONDS)
                        spent.setdefault((name, label), []).append(used * 1e6)
    rows: dict[str, dict[str, float]] = {}
    for name in sites:
        rows[name] = {label: median(rounds[name, label]) for label in WAYS}
        rows[name] |= {f"{label}, µs of processor": median(spent[name, label]) for label in WAYS}
    bars = []
    for label in WAYS:
        pairs = zip(spent["without", label], spent["with", label], strict=True)
        added = median(ours / bare - 1 for bare, ours in pairs)
        bars.append(
            Bar(f"{server}: authorization adds, {label}, %", 15, added * 100, at_least=False)
        )
    return Table(f"A call with a token under {server}", "calls per second", rows, bars)


def _processor_seconds(site: Site) -> float:
    """What the server has used up to now, with every process of its own: unlike a rate, it does not
    depend on who else is busy."""
    return sum(_used(pid) for pid in _family(site.pid)) / os.sysconf("SC_CLK_TCK")


def _used(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def _family(pid: int) -> list[int]:
    found = [pid]
    for listed in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in listed.read_text("ascii").split():
            found += _family(int(child))
    return found


def _issuing(files: dict[str, tuple[Path, dict[str, str]]]) -> Table:
    """A code is asked for and exchanged: two requests."""
    rows: dict[str, dict[str, float]] = {}
    bars = []
    for name, (database, user) in files.items():
        with ExitStack() as stack:
            site = _site(stack, "http_oauth", SERVERS[0], database)
            task = {**user, "kind": "exchanges", "seconds": SECONDS}
            figures = {
                at_once: median(_load(site, {**task, "connections": at_once}) for _ in range(3))
                for at_once in EXCHANGING
            }
        rows[name] = {f"{at_once} at once": figure for at_once, figure in figures.items()}
        bars.append(Bar(f"exchanges a second, {name}", 300, max(figures.values()), at_least=True))
    return Table("Codes asked for and exchanged", "exchanges per second", rows, bars)


def _lookups(files: dict[str, Path]) -> Table:
    rounds: dict[str, list[float]] = {name: [] for name in files}
    for _ in range(ROUNDS):
        for name, database in files.items():
            rounds[name].append(_store("look", str(database)))
    small, full = (median(rounds[name]) for name in ("small file", "full file"))
    rows = {"a token's lookup": {"small file": small, "full file": full}}
    what = f"lookup among {TOKENS:,} tokens / among {SOME}"
    bar = Bar(what, 1.5, full / small, at_least=False)
    return Table("Looking a token up", "µs", rows, [bar])


def _sign_ins(database: Path, user: dict[str, str]) -> Table:
    """Passwords are checked as fast as argon2 lets the cores, by turns with argon2 alone."""
    bare: list[float] = []
    served: list[float] = []
    task = {**user, "kind": "sign_ins", "seconds": SIGN_IN_SECONDS, "connections": SIGNING_IN}
    with ExitStack() as stack:
        site = _site(stack, "http_oauth", SERVERS[0], database)
        for _ in range(ROUNDS):
            bare.append(_store("hash", str(SIGN_IN_SECONDS)))
            served.append(_load(site, task))
    pairs = zip(served, bare, strict=True)
    bar = Bar("sign-ins / bare argon2", 0.9, median(s / b for s, b in pairs), at_least=True)
    rows = {"a second": {"argon2 alone": median(bare), "sign-in": median(served)}}
    return Table("Signing in", "per second", rows, [bar])


def _site(stack: ExitStack, module: str, server: str, database: Path | None = None) -> Site:
    """A running server, which ends with the stack."""
    if database is not None:
        os.environ["BENCH_OAUTH_DATABASE"] = str(database)
    site = Site(OURS_OAUTH, module, server)
    site.start()
    stack.callback(site.stop)
    return site


def _store(*arguments: str) -> Any:
    return _worker("oauth_store", arguments, "")


def _load(site: Site, task: dict[str, Any]) -> float:
    """Users served in a second."""
    return float(_worker("oauth_load", (), json.dumps({**task, "port": site.port})))


def _worker(module: str, arguments: Sequence[str], said: str) -> Any:
    done = subprocess.run(
        [interpreter(OURS_OAUTH), "-m", f"bench.workers.{module}", *arguments],
        input=said, cwd=ROOT, capture_output=True, encoding="utf-8",
        timeout=LONGEST_SECONDS, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr)
    return json.loads(done.stdout)
