"""Handlers that ask, in every way there is, and the answers tests give."""

from __future__ import annotations

from typing import Any

from zcp_kernel.app import FastZCP
from zcp_kernel.context import Context, elicitation, roots, sampling
from zcp_kernel.model import ElicitationResult, ListRootsResult, SamplingResult
from zcp_profiles.mcp.history import R5

from ..schema_files import validator
from .raw import FORM, make_app

OK = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
YES = {"action": "accept", "content": {"ok": True}}
PARIS = {"role": "assistant", "content": {"type": "text", "text": "Paris"}, "model": "test-model"}
ROOTS = {"roots": [{"uri": "file:///test/root"}]}
NAME = elicitation("What is your name?", FORM)


def add_declared(app: FastZCP) -> None:
    @app.tool(asks={"user_name": NAME})
    def greet(user_name: ElicitationResult) -> str:
        return f"Hello, {(user_name.content or {}).get('name')}!"

    @app.tool(asks={"capital_question": sampling("What is the capital of France?", max_tokens=100)})
    def capital(capital_question: SamplingResult) -> str:
        return str(getattr(capital_question.content, "text", ""))

    @app.tool(asks={"client_roots": roots()})
    def places(client_roots: ListRootsResult) -> str:
        return " ".join(root.uri for root in client_roots.roots)


def add_asking(app: FastZCP) -> None:
    @app.tool
    async def confirm(ctx: Context) -> str:
        answers = await ctx.ask(confirm=elicitation("Sure?", OK))
        return "state-ok" if answers["confirm"].accepted else "no"

    @app.tool
    async def several(ctx: Context) -> str:
        answers = await ctx.ask(
            user_name=NAME, greeting=sampling("Greet", max_tokens=50), client_roots=roots()
        )
        return f"{answers['user_name'].content['name']}, {len(answers['client_roots'].roots)}"

    @app.tool
    async def rounds(ctx: Context) -> str:
        first = (await ctx.ask(step1=elicitation("Name?", FORM)))["step1"]
        second = (await ctx.ask(step2=elicitation("Colour?", FORM)))["step2"]
        return f"{first.content['name']}/{second.content['name']}"

    @app.tool
    def blocking(ctx: Context) -> str:
        return str(ctx.elicit("Name?", FORM).content["name"])  # type: ignore[attr-defined]

    @app.tool
    async def page(ctx: Context) -> str:
        return (await ctx.elicit("Log in", url="https://example.org/login")).action

    @app.tool
    async def whatever(ctx: Context) -> str:
        if ctx.can_ask("elicitation/request"):
            return (await ctx.elicit("Name?", FORM)).action
        return (await ctx.create_message("Hello")).model

    @app.prompt
    async def with_context(ctx: Context) -> str:
        answer = (await ctx.ask(user_context=elicitation("Context?", FORM)))["user_context"]
        return f"In {answer.content['name']}"

    @app.resource("test://asks")
    async def asks(uri: str, ctx: Context) -> str:
        return (await ctx.elicit("Name?", FORM)).action


def app() -> FastZCP:
    made = make_app()
    add_declared(made)
    add_asking(made)
    return made


def text(result: Any) -> str:
    assert result["resultType"] == "complete", result
    return str(result["content"][0]["text"])


def asked(result: Any) -> dict[str, str]:
    """Key -> method of an answer that asks."""
    assert result["resultType"] == "input_required", result
    assert [e.message for e in validator(R5, "InputRequiredResult").iter_errors(result)] == []
    assert not {"ttlMs", "cacheScope"} & set(result)
    return {key: each["method"] for key, each in result.get("inputRequests", {}).items()}
