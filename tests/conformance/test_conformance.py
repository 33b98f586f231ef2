"""The official suite finds nothing: every server scenario of both revisions, scored or not, on
every event loop and server we name; a warning counts as a failure."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conformance import suite
from tests.conformance.serving import SERVERS, served
from tests.conformance.suite import Check, Expected

UNTESTABLE = {
    # Its harness awaits task notifications on the response of the call; SEP-2663 has them on the
    # listening stream. tests/profiles/modern/test_listening.py awaits them there.
    ("2026-07-28", "tasks-status-notifications"),
}
"""Scenarios the suite itself skips."""

pytestmark = pytest.mark.timeout(suite.INSTALL_SECONDS + suite.RUN_SECONDS)


@pytest.fixture(scope="session")
def entry() -> Path:
    return suite.install()


@pytest.fixture(scope="module", params=SERVERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One process, which both revisions are run against."""
    with served(str(request.param), tmp_path_factory.mktemp("server") / "log") as url:
        yield url


@pytest.mark.parametrize("leg", suite.LEGS)
def test_every_scenario_passes(entry: Path, url: str, leg: str, tmp_path: Path) -> None:
    checks = suite.run_leg(entry, url, leg, tmp_path / "results")
    allowed = suite.expected(suite.EXPECTED.read_text(encoding="utf-8"))
    problems = suite.problems(leg, checks, allowed)
    assert not problems, "\n".join(problems)
    passed = {check.scenario for check in checks if check.status == "SUCCESS"}
    unproven = {scenario for its, scenario in UNTESTABLE if its == leg}
    assert passed == suite.scenarios(entry, leg) - unproven


@pytest.mark.parametrize(("leg", "count"), suite.LEGS.items())
def test_the_suite_has_the_scenarios_it_had(entry: Path, leg: str, count: int) -> None:
    """A list that could not be read would ask for nothing."""
    assert len(suite.scenarios(entry, leg)) == count


@pytest.mark.parametrize("url", SERVERS[:1], indirect=True)
def test_both_eras_at_once_do_not_disturb_each_other(entry: Path, url: str, tmp_path: Path) -> None:
    with ThreadPoolExecutor(len(suite.LEGS)) as pool:
        jobs = {
            leg: pool.submit(suite.run_leg, entry, url, leg, tmp_path / leg) for leg in suite.LEGS
        }
    for leg, job in jobs.items():
        assert not suite.problems(leg, job.result(), [])


EXTENSIONS = (
    "sep-2640-skills-directory",
    "sep-2640-skills-enumeration",
    "sep-2640-skills-manifest",
)
"""Scenarios that belong to no revision."""


@pytest.mark.parametrize("scenario", EXTENSIONS)
@pytest.mark.parametrize("url", SERVERS[:1], indirect=True)
def test_an_extension_by_plugin_passes(
    entry: Path, url: str, scenario: str, tmp_path: Path
) -> None:
    checks = suite.run_scenario(entry, url, scenario, tmp_path)
    assert checks
    assert [check for check in checks if check.status != "SUCCESS"] == []


def test_no_scenario_is_left_out(entry: Path) -> None:
    assert suite.further_scenarios(entry) == set(EXTENSIONS)


@pytest.mark.parametrize("url", SERVERS[:1], indirect=True)
def test_a_server_that_answers_otherwise_is_found_out(
    entry: Path, url: str, tmp_path: Path
) -> None:
    checks = suite.run_scenario(entry, url.replace("/mcp", "/metadata"), "tools-list", tmp_path)
    assert suite.problems("2025-11-25", checks, [])


# -- reading results -------------------------------------------------------------------------------


def results(place: Path, *statuses: str) -> list[Check]:
    home = place / "server-tools-list-2026-07-28T10-20-30-405Z"
    home.mkdir()
    checks = [{"id": f"check-{n}", "status": status} for n, status in enumerate(statuses)]
    (home / "checks.json").write_text(json.dumps(checks), encoding="utf-8")
    return suite.read(place)


def test_good_results(tmp_path: Path) -> None:
    checks = results(tmp_path, "SUCCESS", "INFO", "SKIPPED")
    assert [(each.scenario, each.id) for each in checks] == [
        ("tools-list", "check-0"), ("tools-list", "check-1"), ("tools-list", "check-2"),
    ]  # fmt: skip
    assert suite.problems("2025-11-25", checks, []) == []


@pytest.mark.parametrize("status", ["FAILURE", "WARNING", "NEW"])
def test_bad_results(tmp_path: Path, status: str) -> None:
    checks = results(tmp_path, "SUCCESS", status)
    (problem,) = suite.problems("2025-11-25", checks, [])
    assert problem.startswith(f"{status} tools-list: check-1")
    allowed = Expected("2025-11-25", "tools-list", "check-1", "because")
    assert suite.problems("2025-11-25", checks, [allowed]) == []
    assert suite.problems("2026-07-28", checks, [allowed]) == [problem]


def test_an_expected_failure_that_passes_is_a_problem(tmp_path: Path) -> None:
    checks = results(tmp_path, "SUCCESS")
    allowed = Expected("2025-11-25", "tools-list", "check-0", "because")
    assert len(suite.problems("2025-11-25", checks, [allowed])) == 1


def test_an_expected_failure_needs_a_reason() -> None:
    entry = '[[failure]]\nleg = "2025-11-25"\nscenario = "ping"\ncheck = "ping"\nreason = "{}"\n'
    assert suite.expected(entry.format("because"))[0].reason == "because"
    with pytest.raises(ValueError, match="ping: ping: say why"):
        suite.expected(entry.format(" "))
