"""What can be wrong with a server: by check, the ways a fake is broken, each in one place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .fakes import (
    ANSWERS,
    Answer,
    Fake,
    Refusal,
    Tell,
    call_tool,
    described,
    empty,
    initialize,
    known,
    list_tools,
)

Break = Callable[[Fake], None]


def answers(method: str, result: Any) -> Break:
    """The method gives this result, whatever is asked."""

    async def answer(_: Fake, __: dict[str, Any], ___: Tell) -> Any:
        return result

    return replaced(method, answer)


def refuses(method: str, code: int = -32603) -> Break:
    async def answer(_: Fake, __: dict[str, Any], ___: Tell) -> Any:
        raise Refusal(code, "it broke")

    return replaced(method, answer)


def replaced(method: str, answer: Answer) -> Break:
    def broken(fake: Fake) -> None:
        fake.on[method] = answer

    return broken


def nameless(fake: Fake) -> None:
    fake.info["name"] = ""


def answers_unknown_methods(fake: Fake) -> None:
    fake.on["zcp-check/no-such-method"] = empty


def lists_twice(fake: Fake) -> None:
    fake.tools.append(fake.tools[0])


def schema_of_a_string(fake: Fake) -> None:
    fake.tools[2]["inputSchema"] = {"type": "string"}


def schema_that_is_none(fake: Fake) -> None:
    fake.tools[2]["inputSchema"] = {"type": "object", "properties": {"x": {"type": "nonsense"}}}


def lists_otherwise_each_time(fake: Fake) -> None:
    async def answer(fake: Fake, params: dict[str, Any], tell: Tell) -> Any:
        fake.tools[2]["description"] = fake.tools[2].get("description", "") + "x"
        return await list_tools(fake, params, tell)

    fake.on["tools/list"] = answer


def goes_round_in_circles(fake: Fake) -> None:
    async def answer(fake: Fake, _: dict[str, Any], __: Tell) -> Any:
        return {"prompts": [], "nextCursor": "again"}

    fake.on["prompts/list"] = answer


def calls_what_is_not_there(fake: Fake) -> None:
    async def answer(fake: Fake, params: dict[str, Any], tell: Tell) -> Any:
        if params["name"] in ("add", "job"):
            return await call_tool(fake, params, tell)
        return {"content": []}

    fake.on["tools/call"] = answer


def adds(result: Any) -> Break:
    """The result of the tool `add` is this one."""

    async def answer(fake: Fake, params: dict[str, Any], tell: Tell) -> Any:
        return result if params["name"] == "add" else await call_tool(fake, params, tell)

    return replaced("tools/call", answer)


def telling(method: str, *notices: dict[str, Any]) -> Break:
    """Calls of the tool `add` are accompanied by these notifications."""

    async def answer(fake: Fake, params: dict[str, Any], tell: Tell) -> Any:
        if params["name"] == "add":
            for notice in notices:
                await tell(method, notice)
        return await call_tool(fake, params, tell)

    return replaced("tools/call", answer)


def content(*members: dict[str, Any]) -> Break:
    def broken(fake: Fake) -> None:
        for uri in fake.resources:
            fake.on["resources/read"] = _reading(uri, list(members))

    return broken


def _reading(uri: str, contents: list[dict[str, Any]]) -> Answer:
    async def answer(fake: Fake, params: dict[str, Any], tell: Tell) -> Any:
        if params["uri"] != uri:
            return await ANSWERS["resources/read"](fake, params, tell)
        return {"contents": contents}

    return answer


def task_that_is_none(fake: Fake) -> None:
    async def answer(fake: Fake, params: dict[str, Any], tell: Tell) -> Any:
        params.pop("task", None)
        return await call_tool(fake, params, tell)

    fake.on["tools/call"] = answer


def never_ends(fake: Fake) -> None:
    async def answer(fake: Fake, params: dict[str, Any], _: Tell) -> Any:
        return described(fake, known(fake, params))

    fake.on["tasks/get"] = answer


def finds_every_task(fake: Fake) -> None:
    async def answer(fake: Fake, params: dict[str, Any], tell: Tell) -> Any:
        if params["taskId"] not in fake.tasks:
            fake.tasks[params["taskId"]] = "completed"
        return await ANSWERS["tasks/get"](fake, params, tell)

    fake.on["tasks/get"] = answer


def takes_one_client_ever(fake: Fake) -> None:
    async def answer(fake: Fake, params: dict[str, Any], tell: Tell) -> Any:
        if fake.traffic.opened > 1:
            raise Refusal(-32603, "there was one already")
        return await initialize(fake, params, tell)

    fake.on["initialize"] = answer


def is_another_next_time(fake: Fake) -> None:
    async def answer(fake: Fake, params: dict[str, Any], tell: Tell) -> Any:
        fake.info = {"name": f"fake {fake.traffic.opened}", "version": "1"}
        return await initialize(fake, params, tell)

    fake.on["initialize"] = answer


def has_other_tools_next_time(fake: Fake) -> None:
    async def answer(fake: Fake, params: dict[str, Any], tell: Tell) -> Any:
        return {"tools": fake.tools[: 4 - fake.traffic.opened]}

    fake.on["tools/list"] = answer


def hangs_up_when_idle(fake: Fake) -> None:
    fake.idle = 0.05


def limited(code: int, *, after: int, forever: bool = False) -> Break:
    """So many pings are answered, then one is not, or none any more."""

    def broken(fake: Fake) -> None:
        asked: list[None] = []

        async def answer(_: Fake, __: dict[str, Any], ___: Tell) -> Any:
            asked.append(None)
            if len(asked) == after or (forever and len(asked) > after):
                raise Refusal(code, "too many requests")
            return {}

        fake.on["ping"] = answer

    return broken


def undeclared_changes(fake: Fake) -> None:
    telling("notifications/prompts/list_changed", {})(fake)


BROKEN: dict[str, dict[str, Break]] = {
    "initialize": {
        "no name": nameless,
        "unknown methods are answered": answers_unknown_methods,
    },
    "discovery": {
        "declared, not listed": refuses("prompts/list"),
        "listed twice": lists_twice,
        "schema of a string": schema_of_a_string,
        "schema that is none": schema_that_is_none,
        "another list each time": lists_otherwise_each_time,
        "pages without end": goes_round_in_circles,
    },
    "call": {
        "unknown tools are called": calls_what_is_not_there,
        "no structured content": adds({"content": []}),
        "another structure": adds({"content": [], "structuredContent": {"sum": "five"}}),
        "no result": adds({"content": 3}),
    },
    "read": {
        "unknown resources are read": answers(
            "resources/read", {"contents": [{"uri": "fake://x", "text": ""}]}
        ),
        "nothing in it": content(),
        "neither text nor blob": content({"uri": "fake://blob"}),
        "not base64": content({"uri": "fake://blob", "blob": "é"}),
        "nor base64 either": content({"uri": "fake://blob", "blob": "a=b"}),
    },
    "subscribe": {
        "declared, not served": refuses("resources/subscribe"),
        "no way out": refuses("resources/unsubscribe"),
    },
    "task poll": {
        "never ends": never_ends,
        "no result": refuses("tasks/result"),
        "every task is found": finds_every_task,
    },
    "task cancel": {"cannot be cancelled": refuses("tasks/cancel")},
    "keepalive": {"hangs up": hangs_up_when_idle},
    "rate limit": {"breaks": limited(-32603, after=15)},
    "notifications": {
        "a log level cannot be set": refuses("logging/setLevel"),
        "progress goes back": telling(
            "notifications/progress",
            {"progressToken": "t", "progress": 5},
            {"progressToken": "t", "progress": 4},
        ),
        "progress is no number": telling(
            "notifications/progress", {"progressToken": "t", "progress": "half"}
        ),
        "undeclared changes": undeclared_changes,
        "a level nobody knows": telling("notifications/message", {"level": "loud", "data": 1}),
        "a message without data": telling("notifications/message", {"level": "info"}),
        "about what nobody asked for": telling(
            "notifications/resources/updated", {"uri": "fake://other"}
        ),
    },
    "reconnect": {
        "one client ever": takes_one_client_ever,
        "another server": is_another_next_time,
        "other tools": has_other_tools_next_time,
    },
}
