"""A protocol extension by a plugin: its operations are served, and declared with its settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ServerConfig
from zcp_kernel.context import Context
from zcp_kernel.contracts import Operation
from zcp_kernel.hookspecs import hookimpl
from zcp_kernel.model import Empty
from zcp_profiles.mcp import plugin

from .raw import TASKS, serving

pytestmark = pytest.mark.anyio
OURS = "org.example/ours"


async def answer(params: Empty, ctx: Context) -> Empty:
    return Empty(meta={"operation": ctx.operation})


class Ours:
    @hookimpl
    def zcp_operations(self, config: ServerConfig) -> Sequence[Operation]:
        def operation(name: str, **settings: Any) -> Operation:
            return Operation(name, Empty, Empty, answer, {"mcp": name}, OURS, settings)

        return [
            operation("ours/first", deep=True),
            operation("ours/second", wide=3),
            Operation("ours/native", Empty, Empty, answer, {"mcp": ""}, OURS, {"never": 1}),
            Operation("theirs", Empty, Empty, answer, {"mcp": "theirs"}, "org.example/theirs"),
        ]


async def test_its_settings_are_declared_together() -> None:
    app = FastZCP("Modern", version="3.1", plugins=[plugin, Ours()], discover=False)
    async with serving(app) as server:
        told = (await server.call("server/discover"))["capabilities"]["extensions"]
        result = await server.call("ours/second")
    assert told == {TASKS: {}, OURS: {"deep": True, "wide": 3}, "org.example/theirs": {}}
    assert result["_meta"]["operation"] == "ours/second"
