"""Prompts, and the completion of arguments."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from attrs import evolve

from ....errors import RegistrationError
from ....model import PromptArgument, PromptDescriptor
from ...invoke import Invocation, Threads, location
from ..items import Completion, Prompt
from .common import (
    Handler,
    all_shaped,
    icons_of,
    invocation,
    name_of,
    own_parameters,
    refuse_parameters,
    summary,
    tags,
)


def prompt(
    handler: Handler,
    *,
    name: str | None = None,
    description: str | None = None,
    arguments: Iterable[PromptArgument | Mapping[str, Any]] | None = None,
    title: str | None = None,
    icons: Iterable[Any] | None = None,
    meta: Mapping[str, Any] | None = None,
    required_scopes: Iterable[str] = (),
    blocking: bool = True,
    threads: Threads = "parallel",
) -> Prompt:
    """See `Registry.prompt`."""
    name = name or name_of(handler)
    listed = _arguments(handler, name, arguments)
    return Prompt(
        descriptor=PromptDescriptor(
            name=name,
            description=description or summary(handler),
            arguments=listed or None,
            title=title,
            icons=icons_of(icons),
            meta=tags(meta, None) or None,
        ),
        invoke=invocation(handler, {"blocking": blocking, "threads": threads}),
        required_scopes=tuple(required_scopes),
        required=tuple(each.name for each in listed if each.required),
    )


def _arguments(handler: Handler, name: str, declared: Any) -> list[PromptArgument]:
    """What was declared, else the handler's parameters; not required is said by saying nothing."""
    if declared is None:
        return [
            PromptArgument(name=each.name, required=each.default is each.empty or None)
            for each in own_parameters(handler)
        ]
    arguments = all_shaped(PromptArgument, declared)
    refuse_parameters(handler, {each.name for each in arguments}, f"prompt {name!r}")
    return [evolve(each, required=each.required or None) for each in arguments]


def completion(handler: Handler, ref: str) -> Completion:
    """See `Registry.completion`."""
    wanted = [parameter.name for parameter in own_parameters(handler)]
    if len(wanted) != 1:
        raise RegistrationError(
            f"completion {ref!r}: its handler takes one CompletionRequest, not "
            f"({', '.join(wanted)}) ({location(handler)})"
        )
    (parameter,) = wanted
    return Completion(
        ref, Invocation(handler, structure=lambda given: {parameter: given["request"]})
    )
