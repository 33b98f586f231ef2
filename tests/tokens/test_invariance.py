"""Names and order of tools do not matter, on any surface that needs no other SDK."""

from __future__ import annotations

from functools import cache

import pytest

from bench.tokens.cases import every
from bench.tokens.measuring.playing import PLAIN, Catalogue, Played, all_played
from bench.tokens.measuring.surfaces import BY_NAME, SURFACES

CASES = [case for case in every() if case.name in ("single-01", "chain-02", "workflow-01")]
OURS = [surface.name for surface in SURFACES if surface.environment is None]


@cache
def _played(surface: str, catalogue: Catalogue) -> list[Played]:
    return all_played([BY_NAME[surface]], CASES, catalogue)


def _ratio(surface: str, catalogue: Catalogue) -> float:
    """Tokens of a surface against those of our MCP plane."""
    own, base = _played(surface, catalogue), _played("zcp-mcp", catalogue)
    return sum(one.spent.total for one in own) / sum(one.spent.total for one in base)


@pytest.mark.parametrize("surface", OURS)
def test_cases_are_solved(surface: str) -> None:
    assert {one.case: one.wrong for one in _played(surface, PLAIN)} == {
        case.name: None for case in CASES
    }


@pytest.mark.parametrize(
    "catalogue", [Catalogue(rename=7), Catalogue(shuffle=7)], ids=["renamed", "shuffled"]
)
@pytest.mark.parametrize("surface", OURS)
def test_another_catalogue_moves_no_ratio(surface: str, catalogue: Catalogue) -> None:
    assert [one.case for one in _played(surface, catalogue) if one.wrong] == []
    assert _ratio(surface, catalogue) == pytest.approx(_ratio(surface, PLAIN), rel=0.10)
