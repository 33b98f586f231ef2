"""A real browser, and a server with authorization for it to visit."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from oauth_process import OAuthSite, oauth_site
from selenium.webdriver import Chrome
from zcp_auth_oauth.models import OAuthClient

from tests.browser.browsing import Callback, Tab, callback_server, chromium

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def album() -> Path:
    """Where screenshots are kept after the run."""
    told = os.environ.get("TOX_WORK_DIR")
    folder = (Path(told) if told else ROOT / ".tox") / "browser-screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def client() -> Iterator[Callback]:
    """The client application: what came to its redirect URI, and whatever else it shows."""
    with callback_server() as running:
        yield running


@pytest.fixture(scope="session")
def site(client: Callback, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OAuthSite]:
    registered = OAuthClient(
        "photo", client_name="Photo Frame", redirect_uris=(client.redirect_uri,)
    )
    folder = tmp_path_factory.mktemp("issuer")
    with oauth_site(folder, (registered,), remember_native_consent=True) as running:
        yield running
        errors = running.running.errors
    assert "Traceback" not in errors, errors


@pytest.fixture(scope="session")
def chrome() -> Iterator[Chrome]:
    with chromium() as running:
        yield running


@pytest.fixture
def driver(chrome: Chrome) -> Chrome:
    """A browser that remembers nothing of earlier tests."""
    chrome.get("about:blank")
    for forgotten in ("Network.clearBrowserCookies", "Emulation.clearDeviceMetricsOverride"):
        chrome.execute_cdp_cmd(forgotten, {})
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    chrome.get_log("browser")
    return chrome


@pytest.fixture
def tab(driver: Chrome, site: OAuthSite, client: Callback, album: Path) -> Callable[..., Tab]:
    """Opens the page a client sends its user to."""

    def opened(**more: str) -> Tab:
        client.answers.clear()
        tab = Tab(driver, site.url, client, album)
        tab.open(**more)
        return tab

    return opened
