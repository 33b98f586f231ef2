"""The model's client, metered; and the agent in the place of a model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from zcp_kernel.jsontext import dumps
from zcp_profiles.tokens.counting import DEFAULT_ENCODING, Tokenizer, tokenizer

from ..agent.policy import respond

ENCODING = DEFAULT_ENCODING


@dataclass
class Spent:
    """Tokens by where they were spent; `tools` and `messages` are input, `answers` output."""

    tools: int = 0
    messages: int = 0
    answers: int = 0
    requests: int = 0

    @property
    def total(self) -> int:
        return self.tools + self.messages + self.answers

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.tools + other.tools,
            self.messages + other.messages,
            self.answers + other.answers,
            self.requests + other.requests,
        )


@lru_cache(maxsize=4096)
def _counted(text: str) -> int:
    return _tables().count(text)


@lru_cache(maxsize=1)
def _tables() -> Tokenizer:
    return tokenizer(ENCODING)


def tokens(value: Any) -> int:
    """Tokens of a value as the compact JSON that travels to the API."""
    return _counted(dumps(value).decode())


class Agent:
    """The agent as a client of a model API: `await agent.chat.completions.create(**request)`."""

    @property
    def chat(self) -> "Agent":
        return self

    @property
    def completions(self) -> "Agent":
        return self

    async def create(self, **request: Any) -> dict[str, Any]:
        message = respond(request)
        calls = "tool_calls" if message.get("tool_calls") else "stop"
        return {"choices": [{"index": 0, "message": message, "finish_reason": calls}]}


@dataclass
class Metered:
    """A client that counts every request and answer of another, and keeps them where it is told."""

    client: Any
    spent: Spent = field(default_factory=Spent)
    keep: Callable[[Mapping[str, Any], Mapping[str, Any]], None] | None = None

    @property
    def chat(self) -> "Metered":
        return self

    @property
    def completions(self) -> "Metered":
        return self

    async def create(self, **request: Any) -> Any:
        completion = await self.client.chat.completions.create(**request)
        answer = completion if isinstance(completion, dict) else completion.model_dump(mode="json")
        message = answer["choices"][0]["message"]
        said = message.get("tool_calls") or message.get("content") or ""
        self.spent += Spent(
            tokens(request.get("tools") or []),
            sum(tokens(each) for each in request["messages"]),
            tokens(said),
            1,
        )
        if self.keep is not None:
            self.keep(request, message)
        return completion
