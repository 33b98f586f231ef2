"""Debian's Chromium without a window, driven over WebDriver, and the client it is sent back to."""

from __future__ import annotations

import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from selenium.webdriver import Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from web_steps import answer_of

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
PATIENCE_SECONDS = 20
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
"""Of the example in RFC 7636, appendix B."""


@contextmanager
def chromium() -> Generator[Chrome]:
    """A new profile, in nobody's way; the browser ends with the block."""
    options = ChromeOptions()
    options.binary_location = CHROMIUM
    # CI runs as root, for whom Chromium has no sandbox; all it meets here is our own pages.
    for flag in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"):
        options.add_argument(flag)
    options.add_argument("--window-size=900,900")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(DRIVER))
    driver.set_page_load_timeout(PATIENCE_SECONDS)
    try:
        yield driver
    finally:
        driver.quit()


@dataclass
class Callback:
    """A client's own web server: `answers` are what came to its redirect URI, `pages` what else it
    shows, by path."""

    port: int
    answers: list[dict[str, str]] = field(default_factory=list[dict[str, str]])
    pages: dict[str, str] = field(default_factory=dict[str, str])

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def redirect_uri(self) -> str:
        return f"{self.origin}/callback"


@contextmanager
def callback_server() -> Generator[Callback]:
    """The client, listening at a port of its own."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            text = client.pages.get(path)
            if path == "/callback":
                client.answers.append(answer_of(self.path))
                text = "<title>Back at the client</title><h1>You may close this.</h1>"
            self.send_response(404 if text is None else 200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write((text or "").encode())

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing: the test says what it saw."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listening:
        client = Callback(listening.server_port)
        thread = threading.Thread(target=listening.serve_forever, daemon=True)
        thread.start()
        try:
            yield client
        finally:
            listening.shutdown()
            thread.join()


@dataclass
class Tab:
    """The browser as a user has it: a page, a keyboard, eyes."""

    driver: Chrome
    issuer: str
    client: Callback
    album: Path

    def open(self, **more: str) -> None:
        """What the client does to send its user here."""
        asked = {
            "response_type": "code", "client_id": "photo", "state": "a b&c",
            "redirect_uri": self.client.redirect_uri, "scope": "weather.read weather.write",
            "code_challenge": CHALLENGE, "code_challenge_method": "S256",
            "resource": f"{self.issuer}/mcp", **more,
        }  # fmt: skip
        self.driver.get(f"{self.issuer}/authorize?{urlencode(asked)}")

    def all(self, selector: str) -> list[WebElement]:
        return self.driver.find_elements("css selector", selector)

    def one(self, selector: str) -> WebElement:
        (found,) = self.all(selector)
        return found

    def press(self, *keys: str) -> None:
        """Keys go to whatever has the focus, one after another."""
        for key in keys:
            self.driver.switch_to.active_element.send_keys(key)

    def focused(self) -> WebElement:
        return self.driver.switch_to.active_element

    def until_titled(self, title: str) -> None:
        WebDriverWait(self.driver, PATIENCE_SECONDS).until(
            lambda driver: title in driver.title, f"no page with {title!r} in its title"
        )

    def sign_in(self, password: str = "correct horse battery") -> None:
        """By keyboard alone; the first field has the focus already."""
        self.press("alice", Keys.TAB, password, Keys.ENTER)

    def complaints(self) -> list[str]:
        """What the browser itself had to say, of violations of the page's policy above all; that
        there is no icon is nobody's fault."""
        told = [str(entry["message"]) for entry in self.driver.get_log("browser")]  # type: ignore[no-untyped-call]
        return [each for each in told if "favicon.ico" not in each]

    def screenshot(self, name: str) -> None:
        self.driver.save_screenshot(str(self.album / f"{name}.png"))
