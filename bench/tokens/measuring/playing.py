"""Cases played on a surface, checked and counted."""

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from ..cases import Case
from ..cases.books import Books, lay_out
from ..sheets.registering import Registration
from .meter import Agent, Metered, Spent
from .surfaces import Surface, opened, played
from .wire import Traffic


@dataclass(frozen=True)
class Played:
    """One case on one surface: what it cost, how many bytes went to and fro, and what was wrong
    with the workbooks afterwards, if anything was."""

    surface: str
    case: str
    tier: str
    spent: Spent
    bytes: int
    wrong: str | None
    said: str


@dataclass(frozen=True)
class Catalogue:
    """How the tools are registered; see `Registration`."""

    rename: int | None = None
    shuffle: int | None = None
    tools: int = 0

    def at(self, folder: str) -> Registration:
        return Registration(folder, self.rename, self.shuffle, self.tools)


PLAIN = Catalogue()


async def play(
    surface: Surface,
    cases: Sequence[Case],
    catalogue: Catalogue = PLAIN,
    client: Any = None,
    model: str = "agent",
    keep: Any = None,
) -> list[Played]:
    """Play cases one after the other, each with fresh workbooks. `client` is a model API's; the
    agent's if not given."""
    with tempfile.TemporaryDirectory(prefix="zcp-sheets-") as name:
        table = _Table(surface, Path(name), client or Agent(), model, keep)
        lay_out(table.folder)
        if surface.environment is None:
            results: list[Played] = []
            for case in cases:
                async with opened(surface, catalogue.at(name), table.traffic) as session:
                    results.append(await table.case(session, case))
            return results
        # Another SDK's server keeps nothing from case to case, and its process starts slowly.
        async with opened(surface, catalogue.at(name), table.traffic) as session:
            return [await table.case(session, case) for case in cases]


@dataclass
class _Table:
    """Where a surface's cases are played."""

    surface: Surface
    folder: Path
    client: Any
    model: str
    keep: Any
    traffic: Traffic = field(default_factory=Traffic)

    async def case(self, session: Any, case: Case) -> Played:
        """Play one case. Bytes are counted from `tools/list` on, which is asked for anew."""
        lay_out(self.folder)
        session.clear_cache()
        metered, before = Metered(self.client, keep=self.keep), self.traffic.total
        said = await played(self.surface, session, metered, case.task, self.model)
        moved = self.traffic.total - before
        wrong = checked(case, self.folder)
        return Played(self.surface.name, case.name, case.tier, metered.spent, moved, wrong, said)


def checked(case: Case, folder: Path) -> str | None:
    """What is wrong with the workbooks after a case; None if they are as asked for."""
    try:
        case.check(Books(folder))
    except (AssertionError, LookupError, TypeError, ValueError) as error:
        return f"{type(error).__name__}: {error}".strip(": ")
    return None


def all_played(
    surfaces: Iterable[Surface], cases: Sequence[Case], catalogue: Catalogue = PLAIN
) -> list[Played]:
    """Every case on every surface."""
    found: list[Played] = []
    for surface in surfaces:
        found += anyio.run(play, surface, cases, catalogue)
    return found
