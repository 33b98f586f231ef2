"""Clients nobody here wrote drive our server over stdio, Streamable HTTP and HTTP+SSE: one test per
client, handshake, place and check.

A driver (`drivers/`) runs in its SDK's own environment, finds the everything server at the place it
is told and reports every check as a JSON line.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from bench.environments import ROOT, Environment, interpreter
from tests.interop.drivers.checks import due
from tests.interop.runs import RUNS, Run
from tests.interop.serving import served

RUN_SECONDS = 300

Outcome = tuple[dict[str, tuple[bool, str]], str]


@pytest.fixture(scope="session")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """The base URL of a server by name; each is started once, when first asked for."""
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(served(name, tmp_path_factory.mktemp(name))))


@pytest.fixture(scope="session")
def outcome(url: Callable[[str], str]) -> Callable[[Run], Outcome]:
    """Every check's verdict and detail, and what the driver said on standard error."""
    return cache(lambda run: _carry_out(run, run.place(url)))


@cache
def python_of(environment: Environment) -> tuple[str, str]:
    """Its interpreter, or why there is none: a failed installation is not tried again."""
    try:
        return interpreter(environment), ""
    except RuntimeError as error:
        return "", str(error)


def _carry_out(run: Run, place: list[str]) -> Outcome:
    client = run.client
    module = f"tests.interop.drivers.{client.driver}"
    python, why_not = python_of(client.environment)
    if why_not:
        return {}, why_not
    command = [python, "-m", module, client.mode, client.revision, *place]
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            capture_output=True,
            encoding="utf-8",
            timeout=RUN_SECONDS,
            check=False,
        )
        said, complaints = done.stdout, done.stderr
        if done.returncode:
            complaints += f"\nthe driver ended with {done.returncode}"
    except subprocess.TimeoutExpired as stuck:
        said, complaints = ((text or b"").decode() for text in (stuck.stdout, stuck.stderr))
        complaints += f"\nthe driver did not end within {RUN_SECONDS} s"
    verdicts = {}
    for line in said.splitlines():
        report = json.loads(line)
        verdicts[report["check"]] = (report["ok"], report["detail"])
    return verdicts, complaints


@pytest.mark.parametrize(
    ("run", "check"),
    [
        pytest.param(run, check, id=f"{run}-{check}")
        for run in RUNS
        for check in due(run.client.revision)
    ],
)
def test_client(outcome: Callable[[Run], Outcome], run: Run, check: str) -> None:
    verdicts, complaints = outcome(run)
    ok, detail = verdicts.get(check, (False, "the driver never came to this check"))
    assert ok, f"{detail}\n{complaints}"


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_every_report_is_expected(outcome: Callable[[Run], Outcome], run: Run) -> None:
    """A check that is reported but not tested for would pass unseen."""
    assert sorted(outcome(run)[0]) == sorted(due(run.client.revision))
