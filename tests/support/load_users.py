"""Users of a server whose workers are killed: each keeps account of what it was told.

A call may fail as long as it says so: with its connection, with 502 or 503, or with an error that
begins with `interrupted`. Anything else that is not the answer to just this call is wrong, and so
is no answer at all.
"""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable
from typing import Any, ClassVar

from attrs import define, field
from server_process import BOTH, Server

DEADLINE = 30.0
"""Seconds after which a call counts as hanging."""

RETRIES = 60
REFUSALS = (502, 503)
TERMINAL = ("completed", "failed", "cancelled")
META = "io.modelcontextprotocol/"


class Failed(Exception):
    """A call failed as it may."""


class Wrong(Exception):
    """A call failed as it must not."""


@define
class Told:
    """What a user was told has happened."""

    calls: Counter[str] = field(factory=Counter)
    failures: Counter[str] = field(factory=Counter)
    tasks: dict[str, tuple[str, str]] = field(factory=dict)
    """Kind and nonce by id."""
    handles: dict[str, tuple[str, int]] = field(factory=dict)
    """Nonce and length by id."""
    aliases: dict[str, str] = field(factory=dict)
    """Ids of handles by what they are called in their session."""
    charged: set[str] = field(factory=set)
    states: dict[str, tuple[str, str]] = field(factory=dict)
    """Sealed state and key of its question by nonce."""
    notes: set[str] = field(factory=set)
    """URIs subscribed to."""
    wrong: list[str] = field(factory=list)

    def add(self, other: Told) -> None:
        """What another user was told."""
        self.calls.update(other.calls)
        self.failures.update(other.failures)
        for name in ("tasks", "handles", "charged", "states", "notes"):
            getattr(self, name).update(getattr(other, name))
        self.wrong += other.wrong


@define(eq=False)
class User(ABC):
    """One client. `name` makes its ids and nonces unlike those of all others."""

    path: ClassVar[str] = "/mcp"

    server: Server
    name: str
    rng: random.Random
    told: Told = field(factory=Told)
    headers: dict[str, str] = field(factory=dict)
    _ids: itertools.count[int] = field(factory=itertools.count, init=False)

    def use(self, over: threading.Event) -> None:
        """One call after the other until it is over."""
        steps = self.steps()
        try:
            while not over.is_set():
                step = self.rng.choice(steps)
                try:
                    step()
                    self.told.calls[step.__name__] += 1
                except Failed as failure:
                    self.told.failures[str(failure)] += 1
                over.wait(self.rng.random() / 50)
        except Exception as error:
            self.told.wrong.append(f"{self.name}: {error!r}")

    @abstractmethod
    def open(self) -> None:
        """Before anything is killed."""

    @abstractmethod
    def steps(self) -> list[Callable[[], None]]:
        """What this user does, in no order."""

    @abstractmethod
    def settle(self) -> Counter[str]:
        """When nobody is killed any more: see that all it was told is so. How its tasks ended.
        Raises `Wrong`, or `Failed`, which it may not any more."""

    # -- one call ----------------------------------------------------------------------------------

    def nonce(self) -> str:
        return f"{self.name}.{next(self._ids)}"

    def ask(self, method: str, params: Any) -> Any:
        """The result. Raises `Failed` or `Wrong`."""
        return self.send(self.message(method, params))

    def send(self, message: dict[str, Any], key: str | None = None) -> Any:
        """The result of this request. Raises `Failed` or `Wrong`."""
        method = message["method"]
        fields = {**BOTH, **self.fields(message)}
        if key is not None:
            fields["idempotency-key"] = key
        status, body = self.exchange(json.dumps(message).encode(), fields)
        answers = _messages(body)
        if status in REFUSALS and answers and "error" in answers[-1]:
            raise Failed(str(status))
        if not answers and status == 200:
            raise Failed("cut")
        last = answers[-1] if answers else {}
        if last.get("id") != message["id"]:
            raise Wrong(f"{method} {message['id']}: {status} {body[:500]!r}")
        if "error" in last:
            text = last["error"]["message"]
            if text.startswith("interrupted"):
                raise Interrupted(text)
            raise Wrong(f"{method} {message['params']}: {text}")
        return last["result"]

    def message(self, method: str, params: Any) -> dict[str, Any]:
        return {"jsonrpc": "2.0", "id": self.nonce(), "method": method, "params": params}

    def fields(self, message: Any) -> dict[str, str]:
        """Header fields that go with a message."""
        return self.headers

    def exchange(self, body: bytes, fields: dict[str, str]) -> tuple[int, bytes]:
        """Status and body of the answer, which must be there in time."""
        deadline = time.monotonic() + DEADLINE
        connection = self.server.connect()
        connection.timeout = DEADLINE
        response: http.client.HTTPResponse | None = None
        try:
            connection.request("POST", self.path, body, fields)
            response = connection.getresponse()
            whole = b""
            while chunk := response.read1(65536):
                whole += chunk
                if time.monotonic() > deadline:
                    raise TimeoutError
            self.headers = self.opened(response) or self.headers
            return response.status, whole
        except TimeoutError:
            raise Wrong(f"no answer within {DEADLINE} s: {body[:200]!r}") from None
        except (OSError, http.client.HTTPException) as error:
            raise Failed("cut") from error
        finally:
            if response is not None:
                response.close()
            connection.close()

    def opened(self, response: http.client.HTTPResponse) -> dict[str, str] | None:
        """The headers of a session this response opens."""
        session = response.headers.get("mcp-session-id")
        return None if session is None else {"mcp-session-id": session}

    def insist(self, method: str, params: Any, key: str) -> Any:
        """Send a request until there is an answer. Raises `Interrupted` if that is it."""
        message = self.message(method, params)
        for _ in range(RETRIES):
            try:
                return self.send(message, key)
            except Interrupted:
                raise
            except Failed as failure:
                self.told.failures[str(failure)] += 1
                time.sleep(0.1)
        raise Wrong(f"{method} {params} fails {RETRIES} times")

    # -- what every user does ----------------------------------------------------------------------

    def call(self, tool: str, **arguments: Any) -> Any:
        return self.ask("tools/call", {"name": tool, "arguments": arguments})

    def echo(self) -> None:
        nonce = self.nonce()
        pause = self.rng.choice([0.0, 0.0, 0.05])
        self.same(self.call("echo", text=nonce, pause=pause), nonce)

    def same(self, result: Any, nonce: str) -> None:
        """Raises `Wrong` for the result of another call."""
        if text_of(result) != nonce:
            raise Wrong(f"{nonce} was answered {result}")

    def pause(self) -> float:
        return self.rng.choice([0.0, 0.02, 0.2])

    def ends(self, ended: Callable[[str], tuple[str, Any]]) -> Counter[str]:
        """How the tasks ended, by `ended`: the status, and a result or an error's message."""
        tally: Counter[str] = Counter()
        for task, (kind, nonce) in self.told.tasks.items():
            status, outcome = ended(task)
            tally[f"{kind} {status}"] += 1
            if status == "completed":
                self.same(outcome, nonce)
            elif kind != "fragile" or not str(outcome).startswith("interrupted"):
                raise Wrong(f"{kind} task {task} ended {status}: {outcome}")
        return tally


class Interrupted(Failed):
    """The answer is that a process ended: the call, or the task it was about, was cut short."""

    def __str__(self) -> str:
        return "interrupted"


def text_of(result: Any) -> Any:
    """What a tool or task returned that returns a text."""
    if isinstance(result, dict) and "content" in result:
        return result["content"][0]["text"]
    if isinstance(result, dict):
        return result.get("value", result.get("result", result))
    return result


def _messages(body: bytes) -> list[Any]:
    """The messages of a body, JSON or an event stream; of one cut off, those that are whole."""
    try:
        return [json.loads(body)]
    except ValueError:
        whole, _, _ = body.rpartition(b"\n\n")
        lines = whole.replace(b"\r", b"").split(b"\n")
        return [json.loads(line[6:]) for line in lines if line.startswith(b"data: ") and line[6:]]
