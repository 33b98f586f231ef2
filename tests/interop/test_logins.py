"""OAuth clients nobody here wrote log in to our server, step up, refresh, and are revoked.

A driver (`drivers/login_*.py`) runs in its SDK's own environment and is given nothing but the URL
of an endpoint; its browser is scripted. It reports every check as a JSON line.
"""

import json
import subprocess
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest
from oauth_process import OAuthSite, oauth_site

from bench.environments import MCP1, MCP2, ROOT, Environment, interpreter
from tests.interop.drivers.login import CHECKS

RUN_SECONDS = 200
CLIENTS: dict[str, tuple[str, Environment, str]] = {
    "mcp2-auto": ("login_mcp2", MCP2, "auto"),
    "mcp2-legacy": ("login_mcp2", MCP2, "legacy"),
    "mcp1": ("login_mcp1", MCP1, "sdk"),
}

Verdicts = dict[str, tuple[bool, str]]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OAuthSite]:
    """A server that has its clients begin with the least scope there is."""
    folder: Path = tmp_path_factory.mktemp("issuer")
    with oauth_site(folder, default_scopes=["weather.read"]) as running:
        yield running
        errors = running.running.errors
    assert "Traceback" not in errors, errors


@pytest.fixture(scope="module")
def verdicts(site: OAuthSite) -> Callable[[str], Verdicts]:
    """Every check's verdict by name of a client; each client runs once."""
    return cache(lambda name: _carry_out(*CLIENTS[name], f"{site.url}/mcp"))


def _carry_out(driver: str, environment: Environment, mode: str, url: str) -> Verdicts:
    module = f"tests.interop.drivers.{driver}"
    done = subprocess.run(
        [interpreter(environment), "-m", module, mode, url],
        cwd=ROOT, capture_output=True, encoding="utf-8", timeout=RUN_SECONDS, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    reports = [json.loads(line) for line in done.stdout.splitlines()]
    return {each["check"]: (each["ok"], f"{each['detail']}\n{done.stderr}") for each in reports}


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("client", CLIENTS)
def test_login(verdicts: Callable[[str], Verdicts], client: str, check: str) -> None:
    ok, detail = verdicts(client).get(check, (False, "the driver never came to this check"))
    assert ok, detail


def test_what_the_server_keeps_of_it(verdicts: Callable[[str], Verdicts], site: OAuthSite) -> None:
    """Each registered itself once, and kept to it."""
    for name in CLIENTS:
        verdicts(name)
    provider = site.provider
    try:
        clients = provider.list_clients()
    finally:
        provider.close()
    assert [each.client_name for each in clients] == ["Interop"] * len(CLIENTS)
    assert {each.origin for each in clients} == {"dynamic"}
