"""The official suite finds nothing wrong with how the client gets authorized: every scenario of
both revisions and of the extensions, scored or not, and the two of MCP 2025-03-26; a warning counts
as a failure."""

import re
import sys
from pathlib import Path

import pytest

from tests.conformance import suite
from tests.conformance.auth_client import PREFIX
from tests.conformance.client_suite import conformance, fixture, run_scenario

pytestmark = pytest.mark.timeout(suite.INSTALL_SECONDS + suite.RUN_SECONDS)

BOTH = (
    "metadata-default", "metadata-var1", "metadata-var2", "metadata-var3", "basic-cimd",
    "scope-from-www-authenticate", "scope-from-scopes-supported", "scope-omitted-when-undefined",
    "scope-step-up", "scope-retry-limit", "token-endpoint-auth-basic", "token-endpoint-auth-post",
    "token-endpoint-auth-none", "pre-registration",
)  # fmt: skip
LATEST = (
    "resource-mismatch", "offline-access-scope", "offline-access-not-supported",
    "authorization-server-migration", "iss-supported", "iss-not-advertised",
    "iss-supported-missing", "iss-wrong-issuer", "iss-unexpected", "iss-normalized",
    "metadata-issuer-mismatch",
)  # fmt: skip
EXTENSIONS = (
    "client-credentials-jwt", "client-credentials-basic", "enterprise-managed-authorization",
    "dpop", "dpop-nonce", "wif-jwt-bearer",
)  # fmt: skip
OLD = ("2025-03-26-oauth-metadata-backcompat", "2025-03-26-oauth-endpoint-fallback")

RUNS = [
    *(("2025-11-25", name) for name in BOTH + EXTENSIONS),
    *(("2026-07-28", name) for name in BOTH + LATEST + EXTENSIONS),
    *(("2025-03-26", name) for name in OLD),
]
_LISTED = re.compile(rf"- {PREFIX}(\S+)")


@pytest.fixture(scope="session")
def entry() -> Path:
    return suite.install()


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize(("leg", "name"), RUNS)
def test_a_scenario_passes(entry: Path, leg: str, name: str, backend: str, tmp_path: Path) -> None:
    code, checks = run_scenario(entry, leg, PREFIX + name, fixture(backend), tmp_path)
    assert [str(check) for check in checks if check.is_bad] == []
    assert code == 0
    assert any(check.status == "SUCCESS" for check in checks)


@pytest.mark.parametrize("leg", ["2025-11-25", "2026-07-28"])
def test_no_scenario_is_left_out(entry: Path, leg: str) -> None:
    listed = set(_LISTED.findall(conformance(entry, "list", "--requirements", leg).stdout))
    assert listed == {name for its, name in RUNS if its == leg}


def test_no_scenario_of_the_suite_is_left_out(entry: Path) -> None:
    listed = set(_LISTED.findall(conformance(entry, "list", "--client").stdout))
    assert listed == {name for _, name in RUNS}
    assert len(listed) == 33


@pytest.mark.parametrize("name", ["metadata-default", "dpop"])
def test_a_client_that_does_nothing_is_found_out(entry: Path, name: str, tmp_path: Path) -> None:
    command = f"{sys.executable} --version"
    code, checks = run_scenario(entry, "2026-07-28", PREFIX + name, command, tmp_path)
    assert any(check.is_bad for check in checks)
    assert code != 0
