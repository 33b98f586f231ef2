"""A stage that stamps every tool result with its number."""

from __future__ import annotations

from itertools import count
from typing import Any

from zcp_kernel.context import Context
from zcp_kernel.contracts import Handler, Stage
from zcp_kernel.model import CallResult


def stamp_stage() -> Stage:
    """A stage of its own for each composition, so that two servers count apart."""
    numbers = count(1)

    async def stamp(params: Any, ctx: Context, proceed: Handler) -> Any:
        result = await proceed(params, ctx)
        if isinstance(result, CallResult):
            result.meta = {**(result.meta or {}), "acme/call": next(numbers)}
        return result

    return Stage("acme-stamp", stamp, operations=("tools/call",), phase="observe")
