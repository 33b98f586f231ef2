"""The warning at start-up when a catalogue passes its budget."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import anyio.to_thread

from ..compact import estimate_tokens
from .counting import INSTALL, TokenizerMissing, tokenizer
from .measuring import CatalogueCost, measure
from .section import TokensSection

if TYPE_CHECKING:
    from zcp_kernel.runtime import Kernel

logger = logging.getLogger("zcp.tokens")


@asynccontextmanager
async def watched(kernel: Kernel) -> AsyncGenerator[None]:
    """Warn of every surface whose default view costs more than the configured budget."""
    section: TokensSection = kernel.config.section("tokens")
    if section.budget is not None:
        await anyio.to_thread.run_sync(_check, kernel, section, section.budget)
    yield


def _check(kernel: Kernel, section: TokensSection, budget: int) -> None:
    count, counted = _counter(section.encoding)
    for surface in kernel.dialects:
        cost = measure(kernel.exposure.base(surface).tools, count, ("full",))
        if cost.tokens["full"] > budget:
            logger.warning("%s", _warning(surface, cost, budget, counted))


def _counter(encoding: str) -> tuple[Callable[[str], int], str]:
    try:
        return tokenizer(encoding).count, encoding
    except TokenizerMissing:
        return estimate_tokens, f"estimated; to count them: {INSTALL}"


def _warning(surface: str, cost: CatalogueCost, budget: int, counted: str) -> str:
    heaviest = ", ".join(f"{tool.name} {tool.tokens['full']}" for tool in cost.heaviest())
    return (
        f"the {len(cost.tools)} tools of surface {surface!r} take {cost.tokens['full']} tokens "
        f"({counted}) of a budget of {budget} (tokens.budget); heaviest: {heaviest}. Show less by "
        f"default: exposure.default_profiles {surface}=discovery, or budget. `zcp tokens` lists all"
    )
