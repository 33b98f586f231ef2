"""Who talks to whom, and what each can do."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from .base import Described, Shape
from .content import Icon


@define(slots=True)
class Implementation(Shape):
    """A client's or a server's name card."""

    name: str
    version: str
    title: str | None = None
    description: str | None = None
    website_url: str | None = None
    icons: list[Icon] | None = None


@define(slots=True)
class Capabilities(Shape):
    """What one side can do; an absent member means it cannot.

    `roots`, `sampling` and `elicitation` are a client's, `logging`, `completions`, `prompts`,
    `resources` and `tools` a server's; `tasks`, `experimental` and `extensions` belong to either.
    `handles` is the native plane's.
    """

    experimental: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None
    tasks: dict[str, Any] | None = None
    roots: dict[str, Any] | None = None
    sampling: dict[str, Any] | None = None
    elicitation: dict[str, Any] | None = None
    logging: dict[str, Any] | None = None
    completions: dict[str, Any] | None = None
    prompts: dict[str, Any] | None = None
    resources: dict[str, Any] | None = None
    tools: dict[str, Any] | None = None
    handles: dict[str, Any] | None = None


@define(slots=True)
class InitializeParams(Described):
    """What a client opens a session with; `protocol_version` is the newest it can speak."""

    protocol_version: str
    client_info: Implementation
    capabilities: Capabilities = field(factory=Capabilities)


@define(slots=True)
class InitializeResult(Described):
    """`auth` tells a native client where to get a token; see `AuthProfile`."""

    protocol_version: str
    server_info: Implementation
    capabilities: Capabilities
    instructions: str | None = None
    auth: dict[str, Any] | None = None
