"""Prompts and completions: their forms, their arguments, their limits."""

from __future__ import annotations

from typing import Any

import pytest
from harness import connected, make_app
from zcp_kernel.app import FastZCP
from zcp_kernel.context import Context
from zcp_kernel.errors import RegistrationError, RemoteError
from zcp_kernel.model import (
    CompletionRequest,
    CompletionResult,
    GetPromptResult,
    ImageContent,
    PromptArgument,
    PromptMessage,
    TextContent,
)
from zcp_kernel.security import Principal

pytestmark = pytest.mark.anyio


def said(text: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "content": {"type": "text", "text": text}}


IMAGE = {"type": "image", "data": "eA==", "mimeType": "image/png"}
JPEG = {"type": "image", "data": "/9j/", "mimeType": "image/jpeg"}
FORMS: list[tuple[Any, list[dict[str, Any]]]] = [
    ("hello", [said("hello")]),
    (["a", "b"], [said("a"), said("b")]),
    ({"role": "assistant", "content": "hm"}, [said("hm", "assistant")]),
    (
        [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
        [said("q"), said("a", "assistant")],
    ),
    ({"role": "user", "content": {"type": "text", "text": "t"}}, [said("t")]),
    (
        {
            "role": "user",
            "content": ["look:", {"type": "image", "data": "eA==", "mimeType": "image/png"}],
        },
        [said("look:"), {"role": "user", "content": IMAGE}],
    ),
    (TextContent("t"), [said("t")]),
    (
        [TextContent("t"), ImageContent("eA==", "image/png")],
        [said("t"), {"role": "user", "content": IMAGE}],
    ),
    (b"\xff\xd8\xff", [{"role": "user", "content": JPEG}]),
    (
        {"role": "assistant", "content": [bytearray(b"\xff\xd8\xff"), "that"]},
        [{"role": "assistant", "content": JPEG}, said("that", "assistant")],
    ),
    (PromptMessage("assistant", TextContent("t")), [said("t", "assistant")]),
    (GetPromptResult([PromptMessage("user", TextContent("t"))]), [said("t")]),
    ({"rows": [1]}, [said('{"rows":[1]}')]),
    ([], []),
]


@pytest.mark.parametrize(("value", "messages"), FORMS, ids=lambda v: repr(v)[:30])
async def test_what_a_handler_gives(value: Any, messages: Any) -> None:
    app = make_app()

    @app.prompt(description="Given.")
    async def give() -> Any:
        return value

    async with connected(app) as client:
        answer = await client.get_prompt("give")
    assert answer["messages"] == messages
    if not isinstance(value, GetPromptResult):
        assert answer["description"] == "Given."


@pytest.mark.parametrize("value", [{"role": "system", "content": "x"}, object()])
async def test_what_is_no_prompt_is_an_error_and_the_session_lives(value: Any) -> None:
    app = make_app()
    app.prompt(name="give")(lambda: value)
    async with connected(app) as client:
        with pytest.raises(RemoteError):
            await client.get_prompt("give")
        assert await client.ping() == {"ok": True}


def review(app: FastZCP) -> None:
    @app.prompt(
        name="review",
        arguments=[
            {"name": "code", "description": "What to review.", "required": True},
            PromptArgument(name="style", required=True),
            {"name": "depth", "required": False},
        ],
    )
    def _(code: str, style: str, depth: str = "some") -> str:
        return f"{code}|{style}|{depth}"


async def test_every_fault_of_the_arguments_is_named() -> None:
    app = make_app()
    review(app)
    async with connected(app) as client:
        with pytest.raises(RemoteError) as caught:
            await client.get_prompt("review", {"code": "x", "colour": "red"})
        assert caught.value.code == -32602
        faults = {(each["path"], each["code"]) for each in caught.value.data["errors"]}
        assert faults == {("style", "required"), ("colour", "unknown")}
        with pytest.raises(RemoteError, match=r"needs 'code'.*needs 'style'"):
            await client.get_prompt("review")
        full = await client.get_prompt("review", {"code": "x", "style": "y", "depth": "z"})
        assert full["messages"] == [said("x|y|z")]
        part = await client.get_prompt("review", {"code": "x", "style": "y"})
        assert part["messages"] == [said("x|y|some")]


async def test_lists_say_what_was_declared_and_what_is_required() -> None:
    app = make_app()
    review(app)

    @app.prompt
    def derived(city: str, ctx: Context, day: str = "today") -> str:
        """Ask about a city."""
        return f"{city} {day} {ctx.operation}"

    async with connected(app) as client:
        declared, found = (await client.list_prompts())["prompts"]
        answer = await client.get_prompt("derived", {"city": "Oslo"})
    assert declared["arguments"] == [
        {"name": "code", "description": "What to review.", "required": True},
        {"name": "style", "required": True},
        {"name": "depth"},
    ]
    arguments = [{"name": "city", "required": True}, {"name": "day"}]
    expected = {"name": "derived", "description": "Ask about a city.", "arguments": arguments}
    assert found == expected
    assert answer["messages"] == [said("Oslo today prompts/get")]


async def test_scopes_and_names() -> None:
    app = make_app()
    app.prompt(name="secret", required_scopes=("a",))(lambda: "s")
    app.completion("secret")(lambda request: [])
    reader = Principal(subject="r", scopes=frozenset(), kind="token")
    async with connected(app, principal=reader) as client:
        with pytest.raises(RemoteError, match="forbidden:missing_scopes:a"):
            await client.get_prompt("secret")
        with pytest.raises(RemoteError, match="forbidden:missing_scopes:a"):
            await client.complete({"type": "ref/prompt", "name": "secret"}, "x")
        with pytest.raises(RemoteError, match="not_found:nothing"):
            await client.get_prompt("nothing")


def test_a_handler_that_cannot_be_called_is_refused() -> None:
    app = make_app()
    with pytest.raises(RegistrationError, match=r"prompt 'p'.*needs 'tone'.*test_prompts\.py:"):
        app.prompt(name="p", arguments=[{"name": "code"}])(lambda code, tone: code)
    with pytest.raises(RegistrationError, match=r"takes one CompletionRequest, not \(a, b\)"):
        app.completion("p")(lambda a, b: [])
    app.prompt(name="p")(lambda: "")
    with pytest.raises(RegistrationError, match=r"prompt 'p' .*test_prompts\.py:"):
        app.prompt(name="p")(lambda: "")


# -- completions -----------------------------------------------------------------------------------


def cities(app: FastZCP) -> list[CompletionRequest]:
    asked: list[CompletionRequest] = []
    app.prompt(name="weather")(lambda city, day="": f"{city} {day}")
    app.resource_template("weather://{city}/{day}")(lambda city, day: city)
    app.resource("weather://all")(lambda: "")

    @app.completion("weather")
    async def for_prompt(request: CompletionRequest, ctx: Context) -> list[str]:
        asked.append(request)
        assert ctx.operation == "completion/complete"
        return [city for city in ("Berlin", "Bern", "Oslo") if city.startswith(request.value)]

    @app.completion("weather://{city}/{day}")
    def for_template(request: CompletionRequest) -> Any:
        asked.append(request)
        return CompletionResult(["a"], total=40, has_more=True)

    @app.completion("weather://all")
    def for_resource(request: CompletionRequest) -> Any:
        return None

    return asked


PROMPT = {"type": "ref/prompt", "name": "weather"}


async def test_completions_of_a_prompts_argument() -> None:
    app = make_app()
    asked = cities(app)
    async with connected(app) as client:
        answer = await client.complete(PROMPT, "city", "Ber", {"day": "today"})
    assert answer["completion"] == {"values": ["Berlin", "Bern"], "total": 2, "hasMore": False}
    (request,) = asked
    assert (request.ref, request.argument, request.value) == (PROMPT, "city", "Ber")
    assert request.context == {"day": "today"}


@pytest.mark.parametrize("uri", ["weather://{city}/{day}", "weather://Oslo/today"])
async def test_completions_of_a_templates_variable(uri: str) -> None:
    app = make_app()
    cities(app)
    async with connected(app) as client:
        answer = await client.complete({"type": "ref/resource", "uri": uri}, "city", "x")
    assert answer["completion"] == {"values": ["a"], "total": 40, "hasMore": True}


async def test_no_values_and_no_completion_at_all() -> None:
    app = make_app()
    cities(app)
    app.prompt(name="bare")(lambda x: x)
    nothing = {"values": [], "total": 0, "hasMore": False}
    async with connected(app) as client:
        exact = await client.complete({"type": "ref/resource", "uri": "weather://all"}, "x")
        assert exact["completion"] == nothing
        bare = await client.complete({"type": "ref/prompt", "name": "bare"}, "x")
        assert bare["completion"]["values"] == []


@pytest.mark.parametrize(
    ("ref", "message"),
    [
        ({"type": "ref/prompt", "name": "nobody"}, "not_found:nobody"),
        ({"type": "ref/resource", "uri": "x://y"}, "not_found:x://y"),
        ({"type": "ref/prompt"}, "invalid:ref"),
        ({"type": "ref/tool", "name": "weather"}, "invalid:ref"),
        ({"type": "ref/resource", "uri": 3}, "invalid:ref"),
    ],
)
async def test_references_to_nothing(ref: dict[str, Any], message: str) -> None:
    app = make_app()
    cities(app)
    async with connected(app) as client:
        with pytest.raises(RemoteError, match=message):
            await client.complete(ref, "city")


@pytest.mark.parametrize(("given", "total"), [(None, 250), (1000, 1000)])
async def test_at_most_a_hundred_values_travel(given: int | None, total: int) -> None:
    app = make_app()
    app.prompt(name="many")(lambda x: x)
    values = [str(number) for number in range(250)]

    @app.completion("many")
    def many(request: CompletionRequest) -> Any:
        return values if given is None else CompletionResult(values, total=given)

    async with connected(app) as client:
        answer = await client.complete({"type": "ref/prompt", "name": "many"}, "x")
    assert answer["completion"] == {"values": values[:100], "total": total, "hasMore": True}


async def test_values_are_strings_on_the_wire() -> None:
    app = make_app()
    app.prompt(name="years")(lambda x: x)
    app.completion("years")(lambda request: (year for year in (2024, 2025)))
    async with connected(app) as client:
        answer = await client.complete({"type": "ref/prompt", "name": "years"}, "x")
    assert answer["completion"]["values"] == ["2024", "2025"]
