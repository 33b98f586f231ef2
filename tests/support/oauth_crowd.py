"""A crowd that logs in while its server is killed, and what each of them was told."""

from __future__ import annotations

import http.client
import json
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from functools import partial
from hashlib import sha256
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode

from attrs import define, field
from web_steps import Page, Stuck, User, answer_of

REDIRECT = "https://client.example/cb"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
PATIENCE_SECONDS = 120.0
FORBIDDEN = 403
CUT = (URLError, OSError, http.client.HTTPException)
"""What a client sees of a server that is killed."""


@define
class Login:
    """One login as its client knows it. `tries` counts the exchanges of its code that were sent,
    `granted` holds what they brought."""

    code: str
    tries: int = 0
    granted: list[dict[str, Any]] = field(factory=list[dict[str, Any]])


@define
class Crowd:
    """Logs in until `wanted` users hold tokens, `at_once` of them at a time.

    A code whose exchange was cut is sent again, as a client in doubt would do; a login that did not
    come to a code is begun anew. `cuts` counts what was interrupted, `steps` what was not.
    """

    url: str
    wanted: int
    at_once: int = 4
    logins: list[Login] = field(factory=list[Login])
    cuts: int = 0
    steps: int = 0
    _lock: threading.Lock = field(factory=threading.Lock)
    _begun: int = 0

    def run(self) -> None:
        """Returns when all are served."""
        threads = [threading.Thread(target=self._go_on) for _ in range(self.at_once)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _go_on(self) -> None:
        while self._another():
            login = self._patiently(self._log_in)
            with self._lock:
                self.logins.append(login)
            self._patiently(partial(self.exchange, login))

    def _another(self) -> bool:
        with self._lock:
            self._begun += 1
            return self._begun <= self.wanted

    def _patiently(self, step: Callable[[], Any]) -> Any:
        """What a step returns, once it is not cut."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                done = step()
            except (*CUT, Stuck) as error:
                # A form of the server's life before is refused: its user has to go back.
                if isinstance(error, Stuck) and error.page.status != FORBIDDEN:
                    raise
                with self._lock:
                    self.cuts += 1
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                with self._lock:
                    self.steps += 1
                return done

    def _log_in(self) -> Login:
        """Somebody new at a browser: sign-in and consent."""
        asked = {
            "response_type": "code", "client_id": "web", "redirect_uri": REDIRECT,
            "code_challenge": CHALLENGE, "code_challenge_method": "S256",
            "scope": "weather.read", "resource": f"{self.url}/mcp",
        }  # fmt: skip
        where = User().follow(f"{self.url}/authorize?{urlencode(asked)}")
        return Login(answer_of(where)["code"])

    def exchange(self, login: Login) -> Page:
        """Send the code once more."""
        login.tries += 1
        form = {
            "grant_type": "authorization_code", "code": login.code, "redirect_uri": REDIRECT,
            "client_id": "web", "code_verifier": VERIFIER,
        }  # fmt: skip
        page = User().post(f"{self.url}/token", form)
        if page.status == 200:
            login.granted.append(json.loads(page.text))
        return page
