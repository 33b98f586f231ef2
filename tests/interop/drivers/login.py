"""What an SDK's own OAuth client does at our server, written once for every version of it.

Runs inside a peer's environment: the standard library, anyio and the SDK are there. The browser is
scripted (`tests/support/web_steps.py`); everything else, from discovery on, is the SDK's doing.
"""

import traceback
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import anyio
import anyio.to_thread

from tests.support.web_steps import User, answer_of

from .face import report

CHECKS = ("login", "steps_up", "refreshes", "revoked", "declined")
REDIRECT = "http://127.0.0.1:43210/callback"
METADATA: dict[str, Any] = {"client_name": "Interop", "redirect_uris": [REDIRECT]}
STEP_SECONDS = 30.0

Call = Callable[[str], Awaitable[dict[str, Any]]]
Connect = Callable[[Any], AbstractAsyncContextManager[Call]]
"""From the SDK's provider to a connection that uses it: name of a tool -> its result."""


@dataclass
class Storage:
    """The SDK's `TokenStorage`, in memory."""

    tokens: Any = None
    client: Any = None

    async def get_tokens(self) -> Any:
        return self.tokens

    async def set_tokens(self, tokens: Any) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> Any:
        return self.client

    async def set_client_info(self, client_info: Any) -> None:
        self.client = client_info


@dataclass
class Login:
    """One user, one browser and one SDK's provider. `made` builds that from the two handlers and
    the storage; `result` is what its callback handler has to return."""

    url: str
    connect: Connect
    made: Callable[..., Any]
    result: Callable[[dict[str, str]], Any]
    user: User = field(default_factory=User)
    storage: Storage = field(default_factory=Storage)
    answer: dict[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        self.provider = self.made(self.redirect, self.callback, self.storage)

    async def redirect(self, url: str) -> None:
        self.answer = answer_of(await anyio.to_thread.run_sync(self.user.follow, url))

    async def callback(self) -> Any:
        if "error" in self.answer:
            raise PermissionError(self.answer["error"])
        return self.result(self.answer)

    async def ask(self, tool: str) -> dict[str, Any]:
        """One call over a connection of its own."""
        async with self.connect(self.provider) as call:
            return await call(tool)

    def pages(self) -> list[str]:
        """What the user has seen since this was last asked."""
        seen, self.user.pages = self.user.pages, []
        return seen

    async def revoke(self) -> None:
        """The client gives its refresh token up, and the whole grant with it (RFC 7009)."""
        parts = urlsplit(self.url)
        form = {
            "token": self.storage.tokens.refresh_token,
            "client_id": self.storage.client.client_id,
        }
        form, headers = self.provider.context.prepare_token_auth(form, {})
        where = f"{parts.scheme}://{parts.netloc}/revoke"
        page = await anyio.to_thread.run_sync(self.user.post, where, form, headers)
        assert page.status == 200, page

    # -- checks ------------------------------------------------------------------------------------

    async def login(self) -> None:
        """From an address alone: discovery, registration, sign-in, consent, call."""
        who = (await self.ask("who"))["structuredContent"]
        assert self.pages() == ["sign in", "consent"]
        assert who["subject"] == "u-alice", who
        assert {"weather.read", "weather.write"} & set(who["scopes"]) == {"weather.read"}, who
        assert who["client"] == self.storage.client.client_id, who

    async def steps_up(self) -> None:
        """403 `insufficient_scope` in the middle of a connection, and the call still succeeds."""
        async with self.connect(self.provider) as call:
            await call("forecast")
            assert self.pages() == []
            result = await call("change")
            assert result["content"][0]["text"] == "sun", result
            assert self.pages() == ["consent"]
            assert (await call("forecast"))["content"][0]["text"] == "rain"
        assert {"weather.read", "weather.write"} <= set(self.storage.tokens.scope.split())

    async def refreshes(self) -> None:
        """Nobody is asked, both tokens are new, and the scopes are those there were."""
        before = self.storage.tokens
        self.provider.context.token_expiry_time = 1.0
        assert (await self.ask("change"))["content"][0]["text"] == "sun"
        after = self.storage.tokens
        assert before.access_token != after.access_token
        assert before.refresh_token != after.refresh_token
        assert self.pages() == []

    async def revoked(self) -> None:
        """What was given up stops working at once: neither token helps, the user is asked anew."""
        await self.revoke()
        self.provider.context.token_expiry_time = 1.0
        assert (await self.ask("who"))["structuredContent"]["subject"] == "u-alice"
        assert self.pages() == ["consent"]

    async def declined(self) -> None:
        """A user who says no leaves the client with an error, and without a token."""
        await self.revoke()
        self.user.decision = "deny"
        why = await self._failure()
        assert why is not None, "the call went through"
        assert _holds(why, PermissionError, "access_denied"), repr(why)
        assert self.pages() == ["consent"]

    async def _failure(self) -> Exception | None:
        try:
            await self.ask("who")
        except Exception as error:
            return error
        return None


def _holds(error: BaseException, kind: type[BaseException], text: str) -> bool:
    """Whether an error is of this kind, or a group with one in it."""
    inner: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    own = isinstance(error, kind) and text in str(error)
    return own or any(_holds(each, kind, text) for each in inner)


async def run(login: Login) -> None:
    """Every check in its order; each is reported."""
    for name in CHECKS:
        try:
            with anyio.fail_after(STEP_SECONDS):
                await getattr(login, name)()
        except Exception as error:
            report(name, False, "".join(traceback.format_exception(error)))
        else:
            report(name, True, "")
