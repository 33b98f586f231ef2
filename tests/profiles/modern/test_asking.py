"""Handlers that ask, over the stateless revision: refused with questions, retried with answers."""

from __future__ import annotations

from typing import Any

import pytest

from .questions import PARIS, ROOTS, YES, app, asked, text
from .raw import ALICE, FORM, serving

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("name", "key", "method", "answer", "said"),
    [
        ("greet", "user_name", "elicitation/create", ALICE, "Hello, Alice!"),
        ("capital", "capital_question", "sampling/createMessage", PARIS, "Paris"),
        ("places", "client_roots", "roots/list", ROOTS, "file:///test/root"),
    ],
)
async def test_declared_questions_need_no_state(
    name: str, key: str, method: str, answer: Any, said: str
) -> None:
    async with serving(app()) as server:
        first = await server.tool(name)
        assert asked(first) == {key: method}
        assert "requestState" not in first
        assert text(await server.tool(name, inputResponses={key: answer})) == said


async def test_the_embedded_request() -> None:
    async with serving(app()) as server:
        result = await server.tool("greet", {})
    assert result["inputRequests"]["user_name"] == {
        "method": "elicitation/create",
        "params": {"message": "What is your name?", "requestedSchema": FORM},
    }


@pytest.mark.parametrize(
    "responses",
    [{"wrong_key": ALICE}, {"user_name": 12345}, {"user_name": None}, {}, None, {"user_name": {}}],
)
async def test_a_missing_or_unusable_answer_is_asked_for_again(responses: Any) -> None:
    async with serving(app()) as server:
        again = await server.tool("greet", inputResponses=responses)
        assert asked(again) == {"user_name": "elicitation/create"}


async def test_answers_nobody_asked_for_are_ignored() -> None:
    async with serving(app()) as server:
        responses = {"user_name": ALICE, "extra": {"a": 1}, "more": 5}
        assert text(await server.tool("greet", inputResponses=responses)) == "Hello, Alice!"


async def test_malformed_responses_are_an_error() -> None:
    async with serving(app()) as server:
        error, _ = await server.refused(
            "tools/call", {"name": "greet", "arguments": {}, "inputResponses": 12345}
        )
    assert error["code"] == -32602


async def test_a_question_in_the_middle_comes_with_a_state() -> None:
    async with serving(app()) as server:
        first = await server.tool("confirm")
        assert asked(first) == {"confirm": "elicitation/create"}
        state = first["requestState"]
        done = await server.tool("confirm", inputResponses={"confirm": YES}, requestState=state)
        assert text(done) == "state-ok"
        # Without the state nothing says which question this answers.
        assert asked(await server.tool("confirm", inputResponses={"confirm": YES}))


async def test_several_at_once() -> None:
    async with serving(app()) as server:
        first = await server.tool("several")
        assert asked(first) == {
            "user_name": "elicitation/create",
            "greeting": "sampling/createMessage",
            "client_roots": "roots/list",
        }
        answers = {"user_name": ALICE, "greeting": PARIS, "client_roots": ROOTS}
        some = {key: answers[key] for key in ("user_name", "greeting")}
        state = first["requestState"]
        second = await server.tool("several", inputResponses=some, requestState=state)
        assert asked(second) == {"client_roots": "roots/list"}
        rest = {"client_roots": ROOTS}
        state = second["requestState"]
        done = await server.tool("several", inputResponses=rest, requestState=state)
        assert text(done) == "Alice, 1"


async def test_rounds_have_states_of_their_own() -> None:
    async with serving(app()) as server:
        first = await server.tool("rounds")
        assert list(asked(first)) == ["step1"]
        a = first["requestState"]
        second = await server.tool("rounds", inputResponses={"step1": ALICE}, requestState=a)
        assert list(asked(second)) == ["step2"]
        b = second["requestState"]
        assert a != b
        done = await server.tool("rounds", inputResponses={"step2": ALICE}, requestState=b)
        assert text(done) == "Alice/Alice"


async def test_a_sync_handler_asks_the_same_way() -> None:
    async with serving(app()) as server:
        first = await server.tool("blocking")
        [key] = asked(first)
        state = first["requestState"]
        done = await server.tool("blocking", inputResponses={key: ALICE}, requestState=state)
        assert text(done) == "Alice"


async def test_a_page_to_open() -> None:
    async with serving(app()) as server:
        error, _ = await server.refused("tools/call", {"name": "page"})
        assert error["data"] == {"requiredCapabilities": {"elicitation": {"url": {}}}}
        first = await server.tool("page", caps={"elicitation": {"url": {}}})
        [request] = first["inputRequests"].values()
        assert request["params"] == {
            "mode": "url",
            "message": "Log in",
            "url": "https://example.org/login",
        }
        error, _ = await server.refused(
            "tools/call", {"name": "confirm"}, caps={"elicitation": {"url": {}}}
        )
        assert error["data"] == {"requiredCapabilities": {"elicitation": {"form": {}}}}


async def test_only_what_the_client_declared_is_asked() -> None:
    async with serving(app()) as server:
        only_sampling: dict[str, Any] = {"sampling": {}}
        assert list(asked(await server.tool("whatever", caps=only_sampling)).values()) == [
            "sampling/createMessage"
        ]
        error, status = await server.refused("tools/call", {"name": "greet"}, caps=only_sampling)
    assert (error["code"], status) == (-32021, 400)
    assert error["data"] == {"requiredCapabilities": {"elicitation": {}}}


@pytest.mark.parametrize(
    ("method", "params", "member"),
    [
        ("prompts/get", {"name": "with_context"}, "messages"),
        ("resources/read", {"uri": "test://asks"}, "contents"),
    ],
)
async def test_prompts_and_resources_ask_too(
    method: str, params: dict[str, Any], member: str
) -> None:
    async with serving(app()) as server:
        first = await server.call(method, params)
        [key] = asked(first)
        retry = {
            **params,
            "inputResponses": {key: ALICE},
            "requestState": first["requestState"],
        }
        assert (await server.call(method, retry))[member]


@pytest.mark.parametrize("method", ["tools/list", "prompts/list", "server/discover"])
async def test_other_methods_never_ask(method: str) -> None:
    async with serving(app()) as server:
        assert (await server.call(method))["resultType"] == "complete"
