"""Our client visits servers nobody here wrote, over every transport they have and in every revision
they speak: one test per run and check.

A run is one session that is put to every check its server, transport and revision are due.
"""

import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache, partial

import anyio
import pytest

from tests.interop.visits.due import RUNS, Check, due
from tests.interop.visits.hosting import Hosting
from tests.interop.visits.visit import Place, Run, Visit, visiting

STEP_SECONDS = 30.0

Verdicts = dict[str, str | None]
"""By the check's name: None where it passed, else what went wrong."""


@pytest.fixture(scope="module")
def hosting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosting]:
    with ExitStack() as stack:
        yield Hosting(stack, tmp_path_factory.mktemp)


@pytest.fixture(scope="module")
def verdicts(hosting: Hosting) -> Callable[[Run], Verdicts]:
    """What came of a run, which is carried out once."""
    return cache(lambda run: _carry_out(run, hosting.place(run.host, run.transport)))


def _carry_out(run: Run, place: Place) -> Verdicts:
    found: Verdicts = {}
    try:
        anyio.run(partial(_visit, run, place, found), backend=run.loop)
    except Exception:
        found[""] = traceback.format_exc()
    return found


async def _visit(run: Run, place: Place, found: Verdicts) -> None:
    async with visiting(run, place) as visit:
        for check in due(run):
            found[check.__name__] = await _verdict(check, visit)


async def _verdict(check: Check, visit: Visit) -> str | None:
    try:
        with anyio.fail_after(STEP_SECONDS):
            await check(visit)
    except Exception:
        return traceback.format_exc()
    return None


@pytest.mark.parametrize(
    ("run", "check"),
    [
        pytest.param(run, check.__name__, id=f"{run}-{check.__name__}")
        for run in RUNS
        for check in due(run)
    ],
)
def test_visit(verdicts: Callable[[Run], Verdicts], run: Run, check: str) -> None:
    found = verdicts(run)
    verdict = found.get(check, "the run never came to this check")
    assert verdict is None, f"{verdict}\n{found.get('')}"


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_leaving(verdicts: Callable[[Run], Verdicts], run: Run) -> None:
    """The session opened and closed without an error."""
    assert "" not in verdicts(run), verdicts(run)[""]
