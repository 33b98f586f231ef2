"""What both OpenAI APIs share: the client, the request, the way a prompt is said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import field, frozen
from zcp_kernel.jsontext import is_object

from ..adapters.calling import as_dict
from ..adapters.tools.compiled import CompiledTools
from ..adapters.wire import Prompt
from .tools import Api, compile_openai_tools


@frozen
class Asking:
    """`request` holds further parameters of the API; those that are None are not sent."""

    client: Any
    model: str
    instructions: str | None = None
    strict: bool = True
    handle_bytes: int | None = None
    request: Mapping[str, Any] = field(factory=dict[str, Any])

    def compile(self, tools: Iterable[dict[str, Any]], api: Api) -> CompiledTools:
        return compile_openai_tools(
            list(tools), api=api, strict=self.strict, handle_bytes=self.handle_bytes
        )

    def with_request(self, **own: Any) -> dict[str, Any]:
        """Our parameters and the caller's; the caller's win."""
        whole = {"model": self.model, **own, **self.request}
        return {name: value for name, value in whole.items() if value is not None}


def said(prompt: Prompt) -> list[dict[str, Any]]:
    """A prompt as items: text is a message of the user's, items stay as they are."""
    if isinstance(prompt, str):
        return [{"role": "user", "content": prompt}]
    return [
        {"role": "user", "content": item} if isinstance(item, str) else as_dict(item)
        for item in prompt
    ]


def default_client() -> Any:
    """An `openai.AsyncOpenAI()`. Raises `ImportError` with the way to install it."""
    try:
        import openai
    except ModuleNotFoundError as error:
        raise ImportError(
            "no client was given, and the openai package is not installed: "
            'pip install "zero-context-protocol-sdk[openai]", or pass client='
        ) from error
    return openai.AsyncOpenAI()


def count(usage: Any, *path: str) -> int:
    """A number of the API's usage report; 0 where it says nothing."""
    found: Any = usage
    for name in path:
        found = found.get(name) if is_object(found) else None
    return found if isinstance(found, int) else 0
