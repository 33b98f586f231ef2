"""Users at an authorization server, over HTTP, as many at once as told: standard library only.

Reads a task from standard input, prints how many were served in a second. `exchanges`: a code is
asked for and exchanged, by a user who is signed in and has consented. `sign_ins`: name and password
are sent.
"""

import asyncio
import json
import re
import sys
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
FORM = {"content-type": "application/x-www-form-urlencoded"}


class Link:
    """One connection that is kept open."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)

    async def ask(
        self, method: str, path: str, body: str = "", **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """Status, header fields (lower case) and body of the answer."""
        fields = {"host": f"127.0.0.1:{self._port}", "content-length": str(len(body)), **headers}
        lines = [f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in fields.items())]
        self._writer.write("\r\n".join((*lines, "", body)).encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
        status, *rest = head.strip().split("\r\n")
        found = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in rest)}
        told = await self._reader.readexactly(int(found.get("content-length", "0")))
        return int(status.split()[1]), found, told.decode()


class Exchanges:
    """GET /authorize, POST /token."""

    def __init__(self, link: Link, task: dict[str, Any]) -> None:
        self._link = link
        self._redirect = task["redirect"]
        asked = {
            "response_type": "code", "client_id": "bench", "redirect_uri": self._redirect,
            "code_challenge": CHALLENGE, "code_challenge_method": "S256", "scope": "bench",
            "state": "s", "resource": "http://127.0.0.1/mcp",
        }  # fmt: skip
        self._path = f"/authorize?{urlencode(asked)}"
        self._cookie = f"zcp-session={task['session']}"

    async def prepare(self) -> None:
        """Nothing: the session and the consent are in the file."""

    async def once(self) -> None:
        status, headers, body = await self._link.ask("GET", self._path, cookie=self._cookie)
        where = headers.get("location", "")
        if status != 303 or not where.startswith(self._redirect):
            raise SystemExit(f"/authorize said {status} {where} {body}")
        form = {
            "grant_type": "authorization_code", "client_id": "bench",
            "code": parse_qs(urlsplit(where).query)["code"][0],
            "redirect_uri": self._redirect, "code_verifier": VERIFIER,
        }  # fmt: skip
        status, _, body = await self._link.ask("POST", "/token", urlencode(form), **FORM)
        if status != 200 or "access_token" not in json.loads(body):
            raise SystemExit(f"/token said {status} {body}")


class SignIns(Exchanges):
    """POST /sign-in, with the guard of a page that was shown once."""

    def __init__(self, link: Link, task: dict[str, Any]) -> None:
        super().__init__(link, task)
        self._path = self._path.replace("/authorize", "/sign-in")
        self._password = task["password"]

    async def prepare(self) -> None:
        _, headers, page = await self._link.ask("GET", self._path)
        self._cookie = headers["set-cookie"].partition(";")[0]
        guard = re.search(r'name="guard" value="([^"]+)"', page)
        assert guard is not None, page
        form = {"username": "bench", "password": self._password, "guard": unescape(guard[1])}
        self._form = urlencode(form)

    async def once(self) -> None:
        status, _, body = await self._link.ask(
            "POST", self._path, self._form, cookie=self._cookie, **FORM
        )
        if status != 303:
            raise SystemExit(f"/sign-in said {status} {body}")


async def main() -> None:
    task = json.load(sys.stdin)
    kind = {"exchanges": Exchanges, "sign_ins": SignIns}[task["kind"]]
    links = [Link(task["port"]) for _ in range(task["connections"])]
    users = [kind(link, task) for link in links]
    for link, user in zip(links, users, strict=True):
        await link.open()
        await user.prepare()
    begun = time.perf_counter()
    ends = begun + task["seconds"]

    async def work(user: Exchanges) -> int:
        done = 0
        while time.perf_counter() < ends:
            await user.once()
            done += 1
        return done

    done = sum(await asyncio.gather(*(work(user) for user in users)))
    print(json.dumps(done / (time.perf_counter() - begun)))


asyncio.run(main())
