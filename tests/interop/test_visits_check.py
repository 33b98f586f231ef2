"""`zcp check` against servers nobody here wrote: nothing it looks at fails."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.interop.visits.hosting import Hosting
from tests.interop.visits.hosts import HOSTS, SERVER_EVERYTHING, Host

ZCP = str(Path(sys.executable).with_name("zcp"))
RUN_SECONDS = 120

TARGETS = [
    pytest.param(host, transport, id=f"{host.name}-{transport}")
    for host in HOSTS
    for transport in host.transports
]
WORKS = {"initialize", "discovery", "call", "read", "keepalive", "reconnect"}
"""Checks every server here has something for."""


@pytest.fixture(scope="module")
def hosting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosting]:
    with ExitStack() as stack:
        yield Hosting(stack, tmp_path_factory.mktemp)


@pytest.mark.parametrize(("host", "transport"), TARGETS)
def test_check(hosting: Hosting, host: Host, transport: str) -> None:
    place = hosting.place(host, transport)
    target = place if isinstance(place, str) else shlex.join(place)
    member = "message" if host is SERVER_EVERYTHING else "text"
    options = ["--json", "--idle", "0.5", "--burst", "20", "--call", f'echo={{"{member}": "hi"}}']
    done = subprocess.run(
        [ZCP, "check", *options, target],
        capture_output=True,
        encoding="utf-8",
        timeout=RUN_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    verdicts = {check["name"]: check for check in document["checks"]}
    assert not [each for each in verdicts.values() if each["verdict"] == "fail"], verdicts
    passed = {name for name, each in verdicts.items() if each["verdict"] == "pass"}
    assert passed >= WORKS, verdicts
