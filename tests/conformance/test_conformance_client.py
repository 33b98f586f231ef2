"""The official suite finds nothing wrong with the client: every scenario of both revisions but
those of authorization, scored or not, on both event loops; a warning counts as a failure."""

import sys
from pathlib import Path

import pytest

from tests.conformance import suite
from tests.conformance.client_suite import LEGS, fixture, run_scenario, scenarios
from tests.conformance.everything_client import SCENARIOS

pytestmark = pytest.mark.timeout(suite.INSTALL_SECONDS + suite.RUN_SECONDS)

RUNS = [
    ("2025-11-25", "initialize"),
    ("2025-11-25", "tools_call"),
    ("2025-11-25", "elicitation-sep1034-client-defaults"),
    ("2025-11-25", "sse-retry"),
    ("2025-11-25", "json-schema-2020-12-preservation"),
    ("2026-07-28", "tools_call"),
    ("2026-07-28", "request-metadata"),
    ("2026-07-28", "sep-2322-client-request-state"),
    ("2026-07-28", "http-standard-headers"),
    ("2026-07-28", "http-custom-headers"),
    ("2026-07-28", "http-invalid-tool-headers"),
    ("2026-07-28", "json-schema-ref-no-deref"),
    ("2026-07-28", "json-schema-2020-12-preservation"),
]


@pytest.fixture(scope="session")
def entry() -> Path:
    return suite.install()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(("leg", "scenario"), RUNS)
def test_a_scenario_passes(
    entry: Path, leg: str, scenario: str, backend: str, tmp_path: Path
) -> None:
    code, checks = run_scenario(entry, leg, scenario, fixture(backend), tmp_path)
    assert [str(check) for check in checks if check.is_bad] == []
    assert code == 0
    assert any(check.status == "SUCCESS" for check in checks)


@pytest.mark.parametrize("leg", LEGS)
def test_no_scenario_is_left_out(entry: Path, leg: str) -> None:
    runs = {scenario for its, scenario in RUNS if its == leg}
    assert runs == scenarios(entry, leg)
    assert len(runs) == LEGS[leg], "a list that could not be read would ask for nothing"


def test_the_fixture_has_no_scenario_that_is_not_run() -> None:
    assert set(SCENARIOS) == {scenario for _, scenario in RUNS}


@pytest.mark.parametrize(("leg", "scenario"), [RUNS[1], RUNS[5]])
def test_a_client_that_does_nothing_is_found_out(
    entry: Path, leg: str, scenario: str, tmp_path: Path
) -> None:
    code, checks = run_scenario(entry, leg, scenario, f"{sys.executable} --version", tmp_path)
    assert any(check.is_bad for check in checks)
    assert code != 0
