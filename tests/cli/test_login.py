"""`zcp login` against a server with authorization, each in a process of its own, with a scripted
browser; what it keeps is used by the other commands."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen
from oauth_site import users
from scripted_browser import browse
from server_process import Server, free_port, server, serving
from zcp_auth_oauth.providers.sqlite.provider import SQLiteOAuthProvider

BROWSER = Path(__file__).parents[1] / "support" / "scripted_browser.py"
PATIENCE = 60

APP = """
from typing import Any

from zcp_kernel.app import FastZCP

app = FastZCP("Weather")


@app.tool(required_scopes=("weather.read",))
def forecast(ctx: Any) -> str:
    return f"rain for {ctx.principal.subject}"


@app.tool(required_scopes=("weather.write",))
def change() -> str:
    return "sun"
"""


@frozen
class Place:
    """A server, and the folder of a user's logins."""

    running: Server
    url: str
    home: Path
    database: Path

    @property
    def environ(self) -> dict[str, str]:
        known = {name: value for name, value in os.environ.items() if not name.startswith("ZCP_")}
        support = os.pathsep.join([str(BROWSER.parent), str(BROWSER.parents[2])])
        return {
            **known,
            "BROWSER": f"{sys.executable} {BROWSER} %s",
            "PYTHONPATH": support,
            "ZCP_CREDENTIALS": str(self.home / "logins"),
        }

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "zcp", *arguments]

    def zcp(self, *arguments: str, fails: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            self.command(*arguments), env=self.environ, capture_output=True, encoding="utf-8",
            timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        assert done.returncode == fails, (done.stdout, done.stderr)
        return done


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Generator[tuple[Server, str, Path]]:
    folder, port = tmp_path_factory.mktemp("server"), free_port()
    provider = SQLiteOAuthProvider(folder / "oauth.db")
    users(provider)
    provider.close()
    (folder / "weather_app.py").write_text(APP, "utf-8")
    command = serving("weather_app:app", port=port)
    environ: dict[str, Any] = {
        "ZCP_OAUTH__ENABLED": "true",
        "ZCP_OAUTH__ISSUER": f"http://127.0.0.1:{port}",
        "ZCP_OAUTH__DATABASE": str(folder / "oauth.db"),
    }
    with server(command, port, folder, cwd=folder, **environ) as running:
        yield running, f"http://127.0.0.1:{port}/mcp", folder / "oauth.db"


@pytest.fixture
def place(there: tuple[Server, str, Path], tmp_path: Path) -> Place:
    return Place(there[0], there[1], tmp_path, there[2])


def test_from_a_login_to_a_call_to_the_end_of_it(place: Place) -> None:
    refused = place.zcp("call", place.url, "forecast", fails=3)
    assert "zcp login" in refused.stderr
    place.zcp("whoami", place.url, fails=1)
    logged_in = place.zcp("login", place.url, "--scope", "weather.read")
    assert f"logged in at {place.url}" in logged_in.stdout
    assert "rain for u-alice" in place.zcp("call", place.url, "forecast").stdout
    assert "forecast" in place.zcp("tools", place.url).stdout
    told = json.loads(place.zcp("whoami", "--json").stdout)["logins"]
    assert [each["server"] for each in told] == [place.url]
    assert told[0]["renews_itself"] is True
    assert "weather.read" in told[0]["scopes"]
    place.zcp("logout", place.url)
    place.zcp("call", place.url, "forecast", fails=3)
    place.zcp("logout", place.url, fails=1)


def test_nothing_secret_is_shown_or_lies_open(place: Place) -> None:
    said = place.zcp("login", place.url, "--json")
    said2 = place.zcp("whoami", place.url)
    for text in (said.stdout, said.stderr, said2.stdout, said2.stderr):
        assert not re.search(r"zcp_(at|rt|cs)_", text)
    files = [path for path in place.home.iterdir() if path.is_file()]
    assert {path.name for path in files} >= {"logins", "logins.key"}
    for path in files:
        assert b"zcp_at_" not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0


def test_a_user_whose_browser_is_elsewhere(place: Place) -> None:
    environ = {**place.environ, "BROWSER": "false"}
    command = place.command("login", place.url, "--no-browser")
    with subprocess.Popen(
        command, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, encoding="utf-8",
    ) as running:  # fmt: skip
        try:
            assert running.stderr is not None
            lines = (line.strip() for line in running.stderr)
            address = next(line for line in lines if line.startswith("http"))
            assert "You can close this window" in browse(address)
            said, _ = running.communicate(timeout=PATIENCE)
        finally:
            running.kill()
    assert running.returncode == 0
    assert said.startswith("logged in at ")


def test_a_login_that_is_given_up_leaves_nothing(place: Place) -> None:
    environ = {**place.environ, "BROWSER": "false"}
    with subprocess.Popen(
        place.command("login", place.url, "--no-browser"), env=environ, encoding="utf-8",
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as running:  # fmt: skip
        try:
            assert running.stderr is not None
            next(line for line in running.stderr if line.strip().startswith("http"))
            running.send_signal(signal.SIGINT)
            _, errors = running.communicate(timeout=PATIENCE)
        finally:
            running.kill()
    assert running.returncode == 130, errors
    place.zcp("whoami", fails=1)


def test_more_scopes_than_the_login_has_are_asked_for_by_name(place: Place) -> None:
    place.zcp("login", place.url, "--scope", "weather.read")
    answer = place.zcp("call", place.url, "change", fails=1)
    assert "weather.write" in answer.stderr + answer.stdout
    assert "zcp login" in answer.stderr + answer.stdout


def test_logins_that_cannot_be_opened_are_said_so(place: Place) -> None:
    place.zcp("login", place.url)
    (place.home / "logins.key").write_bytes(bytes(32))
    broken = place.zcp("call", place.url, "forecast", fails=3)
    assert "logins.key" in broken.stderr
    assert (place.home / "logins").stat().st_size > 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("login", "ftp://host/"), "URL of a server on the network"),
        (("login", "http://127.0.0.1:1/mcp"), "cannot be reached"),
        (("login", "http://192.0.2.1/mcp"), "not https"),
        (("login", "http://127.0.0.1:1/", "--client-secret-stdin"), "--client-id"),
    ],
)
def test_what_cannot_be_logged_in_at(place: Place, arguments: tuple[str, ...], said: str) -> None:
    done = subprocess.run(
        place.command(*arguments), env=place.environ, capture_output=True, encoding="utf-8",
        timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode in (1, 2)
    assert said in done.stderr
