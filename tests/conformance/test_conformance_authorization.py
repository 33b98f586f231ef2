"""The official suite finds nothing at our authorization server: `conformance authorization`, at
every revision it knows; a warning counts as a failure."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from oauth_process import oauth_site
from server_process import free_port
from zcp_auth_oauth.models import OAuthClient

from tests.conformance import authorization, suite
from tests.support.web_steps import User

REVISIONS = ("2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28")
CHECKS = {"authorization-server-metadata", "authorization-code-grant"}
SINCE_2025_11 = {"authorization-server-metadata-cimd"}

pytestmark = pytest.mark.timeout(suite.INSTALL_SECONDS + suite.RUN_SECONDS)


@pytest.fixture(scope="module")
def entry() -> Path:
    return suite.install()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """The issuer, and the port the suite's client listens at."""
    port = free_port()
    client = OAuthClient(
        authorization.CLIENT,
        client_name="The official suite",
        redirect_uris=(f"http://127.0.0.1:{port}/callback",),
        application_type="native",
    )
    with oauth_site(tmp_path_factory.mktemp("issuer"), (client,)) as site:
        yield site.url, port


@pytest.mark.parametrize("leg", REVISIONS)
def test_every_check_passes(entry: Path, place: tuple[str, int], leg: str, tmp_path: Path) -> None:
    user = User()
    code, checks = authorization.run(entry, *place, leg, user, tmp_path / "results")
    assert [str(check) for check in checks if check.is_bad] == []
    expected = CHECKS | (SINCE_2025_11 if leg >= "2025-11-25" else set())
    assert {check.id for check in checks if check.status == "SUCCESS"} == expected
    assert code == 0
    assert user.pages == ["sign in", "consent"]


def test_the_suite_has_the_scenarios_it_had(entry: Path) -> None:
    assert authorization.scenarios(entry) == authorization.SCENARIOS


def test_a_user_who_declines_fails_the_check(
    entry: Path, place: tuple[str, int], tmp_path: Path
) -> None:
    """What passes above can fail."""
    user = User(decision="deny")
    code, checks = authorization.run(entry, *place, REVISIONS[-1], user, tmp_path / "results")
    (problem,) = [check for check in checks if check.is_bad]
    assert "access_denied" in problem.message
    assert code != 0
