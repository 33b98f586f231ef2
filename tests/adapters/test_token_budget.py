"""Counting a catalogue's tokens, and the warning when it passes its budget."""

from __future__ import annotations

import logging
import sys
from typing import Any

import pytest
from zcp_kernel.app import FastZCP
from zcp_kernel.config import ServerConfig
from zcp_kernel.errors import ConfigError
from zcp_profiles.tokens.counting import TokenizerMissing, tokenizer
from zcp_profiles.tokens.measuring import measure

# The tables' package opens them as Python 3.10 did.
pytestmark = pytest.mark.filterwarnings("ignore:open_binary is deprecated")


def many(count: int) -> FastZCP:
    app = FastZCP("Many")

    def add(number: int) -> None:
        @app.tool(name=f"part.{number}", description="Find a part in the store by its number.")
        async def find(number: int, unit: str = "piece") -> int:
            return number

    for number in range(count):
        add(number)
    return app


async def start(app: FastZCP, **environ: str) -> None:
    config = ServerConfig.load(app.host, environ=environ)
    async with app.compose(config).running():
        pass


def test_tokens_are_those_of_the_published_tables() -> None:
    counts = {
        ("hello world", "o200k_base"): 2,
        ("hello world", "cl100k_base"): 2,
        ("antidisestablishmentarianism", "cl100k_base"): 6,
        ("<|endoftext|>", "o200k_base"): 7,
    }
    for (text, encoding), expected in counts.items():
        assert tokenizer(encoding).count(text) == expected


def test_an_unknown_encoding_names_the_known_ones() -> None:
    with pytest.raises(ValueError, match="o200k_base"):
        tokenizer("gpt2")


def test_each_level_costs_less_than_the_next() -> None:
    listed = [tool.definition for tool in many(20).tools]
    cost = measure(listed, tokenizer().count)
    assert cost.tokens["names"] < cost.tokens["brief"] < cost.tokens["full"]
    assert len(cost.tools) == 20
    assert sum(tool.tokens["full"] for tool in cost.tools) == pytest.approx(
        cost.tokens["full"], rel=0.1
    )


@pytest.mark.anyio
async def test_a_catalogue_past_its_budget_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "zcp.tokens"):
        await start(many(20), ZCP_TOKENS__BUDGET="200")
    (mcp, native) = sorted(record.getMessage() for record in caplog.records)
    assert "20 tools of surface 'mcp'" in mcp
    assert "of a budget of 200" in mcp
    assert "o200k_base" in native
    assert "heaviest: part." in native


@pytest.mark.anyio
async def test_whose_tokens_are_counted_can_be_set(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "zcp.tokens"):
        await start(many(20), ZCP_TOKENS__BUDGET="200", ZCP_TOKENS__ENCODING="cl100k_base")
    assert "(cl100k_base)" in caplog.text


@pytest.mark.anyio
async def test_within_its_budget_or_without_one_nothing_is_said(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING, "zcp.tokens"):
        await start(many(3), ZCP_TOKENS__BUDGET="20000")
        await start(many(3))
    assert caplog.records == []


@pytest.mark.anyio
async def test_without_the_tables_it_is_estimated(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    absent: Any = None
    monkeypatch.setitem(sys.modules, "bpe_openai", absent)
    with pytest.raises(TokenizerMissing, match=r"zero-context-protocol-sdk\[tokens\]"):
        tokenizer()
    with caplog.at_level(logging.WARNING, "zcp.tokens"):
        await start(many(20), ZCP_TOKENS__BUDGET="200")
    assert len(caplog.records) == 2
    assert "estimated" in caplog.text


@pytest.mark.anyio
async def test_a_budget_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ConfigError, match="'budget' must be > 0"):
        await start(many(1), ZCP_TOKENS__BUDGET="0")
