"""The users of `load_users`, each in a protocol of its own."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from load_users import DEADLINE, META, TERMINAL, Interrupted, User, Wrong
from server_process import BOTH

ROWS = 2000
KINDS = ("fragile", "resumable")
YES = {"action": "accept", "content": {"sure": True}}


class SessionUser(User):
    """A client with a session: a call may be sent again with the key it had."""

    version: str
    initialized: str

    def open(self) -> None:
        info = {"name": self.name, "version": "1"}
        params = {"protocolVersion": self.version, "capabilities": {}, "clientInfo": info}
        self.ask("initialize", params)
        told = {"jsonrpc": "2.0", "method": self.initialized}
        status, _ = self.exchange(json.dumps(told).encode(), {**BOTH, **self.headers})
        if status != 202:
            raise Wrong(f"{self.initialized}: {status}")

    def charge(self) -> None:
        """A call that must not run twice, sent until there is an answer."""
        nonce = self.nonce()
        params = {"name": "charge", "arguments": {"nonce": nonce, "pause": self.pause()}}
        self.same(self.insist("tools/call", params, nonce), nonce)
        self.told.charged.add(nonce)

    def look_at_a_task(self) -> None:
        if self.told.tasks:
            task = self.rng.choice(list(self.told.tasks))
            self.checked(task, self.ask("tasks/get", {"taskId": task}))

    def wait_for_a_task(self) -> None:
        if self.told.tasks:
            task = self.rng.choice(list(self.told.tasks))
            self.same(self.ask("tasks/result", {"taskId": task}), self.told.tasks[task][1])

    def checked(self, task: str, descriptor: Any) -> Any:
        """Raises `Wrong` for another task than that which was asked for."""
        if descriptor["taskId"] != task:
            raise Wrong(f"asked for task {task}, told of {descriptor}")
        return descriptor

    def settle(self) -> Counter[str]:
        self.echo()
        return self.ends(self._ended)

    def _ended(self, task: str) -> tuple[str, Any]:
        outcome: Any
        try:
            outcome = self.ask("tasks/result", {"taskId": task})
        except Interrupted as error:
            outcome = error.args[0]
        return self.checked(task, self.ask("tasks/get", {"taskId": task}))["status"], outcome


class NativeUser(SessionUser):
    """`zcp/1`: tasks of their own kinds, and handles."""

    version = "zcp/1"
    initialized = "initialized"
    path = "/zcp"

    def steps(self) -> list[Callable[[], None]]:
        tasks = [self.create, self.create, self.look_at_a_task, self.wait_for_a_task]
        return [self.echo, self.echo, self.charge, self.keep, self.read, *tasks]

    def create(self) -> None:
        nonce, kind = self.nonce(), self.rng.choice(KINDS)
        given = {"kind": kind, "input": {"nonce": nonce, "pause": self.pause()}}
        task = self.ask("tasks/create", given)["taskId"]
        self.told.tasks[task] = kind, nonce

    def keep(self) -> None:
        nonce = self.nonce()
        handle = self.call("rows", nonce=nonce, count=ROWS)["handle"]
        self.told.handles[handle["id"]] = nonce, handle["count"]
        if handle["alias"] in self.told.aliases:
            raise Wrong(f"{handle['alias']} is the alias of two handles")
        self.told.aliases[handle["alias"]] = handle["id"]

    def read(self) -> None:
        if self.told.handles:
            self.read_whole(self.rng.choice(list(self.told.handles)))

    def read_whole(self, handle: str, by: str = "") -> None:
        nonce, count = self.told.handles[handle]
        value: list[str] = []
        offset: int | None = 0
        while offset is not None:
            given = {"handle": by or handle, "offset": offset}
            page = self.ask("handles/read", given)
            value += page["value"]
            offset = page.get("nextOffset")
        if value != [f"{nonce} {number}" for number in range(count)]:
            raise Wrong(f"handle {handle} of {nonce} has another value: {value[:3]}")

    def settle(self) -> Counter[str]:
        for handle in self.told.handles:
            self.read_whole(handle)
        for alias, handle in self.told.aliases.items():
            self.read_whole(handle, alias)
        return super().settle()


class Initialized(SessionUser):
    """MCP 2025-11-25: calls become tasks when their client says so; resources are watched."""

    version = "2025-11-25"
    initialized = "notifications/initialized"

    def steps(self) -> list[Callable[[], None]]:
        tasks = [self.create, self.create, self.look_at_a_task, self.wait_for_a_task]
        return [self.echo, self.echo, self.charge, self.watch, *tasks]

    def create(self) -> None:
        nonce, kind = self.nonce(), self.rng.choice(KINDS)
        arguments = {"nonce": nonce, "pause": self.pause()}
        given = {"name": f"{kind}_job", "arguments": arguments, "task": {"ttl": 3_600_000}}
        task = self.ask("tools/call", given)["task"]["taskId"]
        self.told.tasks[task] = kind, nonce

    def watch(self) -> None:
        uri = f"note://{self.nonce()}"
        self.ask("resources/subscribe", {"uri": uri})
        self.told.notes.add(uri)


class Stateless(User):
    """MCP 2026-07-28: no session; what a call waits for travels sealed in its client's hands."""

    def open(self) -> None:
        """Nothing to open."""

    def steps(self) -> list[Callable[[], None]]:
        return [
            self.echo, self.echo, self.begin, self.go_on, self.create, self.create, self.look,
        ]  # fmt: skip

    def message(self, method: str, params: Any) -> dict[str, Any]:
        meta = {
            f"{META}protocolVersion": "2026-07-28",
            f"{META}clientCapabilities": {"elicitation": {}, "extensions": {f"{META}tasks": {}}},
            f"{META}clientInfo": {"name": self.name, "version": "1"},
        }
        return super().message(method, {**params, "_meta": meta})

    def fields(self, message: Any) -> dict[str, str]:
        named = message["params"].get("name", message["params"].get("taskId"))
        fields = {"mcp-protocol-version": "2026-07-28", "mcp-method": message["method"]}
        return fields if named is None else {**fields, "mcp-name": named}

    def opened(self, response: Any) -> None:
        """There are no sessions."""

    def begin(self) -> None:
        """A call that asks: what it is given back must open from now on."""
        nonce = self.nonce()
        needed = self.call("confirm", nonce=nonce)
        if needed.get("resultType") != "input_required":
            raise Wrong(f"{nonce} was not asked: {needed}")
        ((key, question),) = needed["inputRequests"].items()
        if question["params"]["message"] != f"{nonce}?":
            raise Wrong(f"{nonce} was asked {question}")
        self.told.states[nonce] = needed["requestState"], key

    def go_on(self) -> None:
        if self.told.states:
            self.open_again(self.rng.choice(list(self.told.states)))

    def open_again(self, nonce: str) -> None:
        state, key = self.told.states[nonce]
        given = {
            "name": "confirm", "arguments": {"nonce": nonce},
            "inputResponses": {key: YES}, "requestState": state,
        }  # fmt: skip
        self.same(self.ask("tools/call", given), f"{nonce} accept")

    def create(self) -> None:
        nonce, kind = self.nonce(), self.rng.choice(KINDS)
        task = self.call(f"{kind}_job", nonce=nonce, pause=self.pause())["taskId"]
        self.told.tasks[task] = kind, nonce

    def look(self) -> None:
        if self.told.tasks:
            task = self.rng.choice(list(self.told.tasks))
            found = self.ask("tasks/get", {"taskId": task})
            if found["taskId"] != task:
                raise Wrong(f"asked for task {task}, told of {found}")
            if found["status"] == "completed":
                self.same(found["result"], self.told.tasks[task][1])

    def settle(self) -> Counter[str]:
        for nonce in self.told.states:
            self.open_again(nonce)
        return self.ends(self._ended)

    def _ended(self, task: str) -> tuple[str, Any]:
        deadline = time.monotonic() + DEADLINE
        while True:
            found = self.ask("tasks/get", {"taskId": task})
            if found["status"] in TERMINAL:
                error = found.get("error") or {"message": None}
                return found["status"], found.get("result", error["message"])
            if time.monotonic() > deadline:
                raise Wrong(f"{task} stays {found['status']}")
            time.sleep(0.05)
