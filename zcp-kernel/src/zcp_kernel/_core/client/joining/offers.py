"""What a client can speak."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import define

from ....contracts import Dialect, Revision
from ....errors import ConfigError, InvalidParams

PREFER = ("native", "mcp")
"""Dialects in the order they are offered, unless told otherwise; others follow in theirs."""


@define(eq=False)
class Offers:
    """`revisions`, best first: of every dialect what needs no handshake, then the newest that does;
    `pinned` if nothing else will do."""

    dialects: Sequence[Dialect]
    revisions: list[Revision]
    pinned: bool = False

    def named(self, version: object) -> Revision | None:
        """The revision of this name, if one may be spoken here."""
        if self.pinned:
            found = self.revisions[0]
            return found if found.name == version else None
        return _named(self.dialects, version) if isinstance(version, str) else None

    def speaks(self, version: str) -> bool:
        """Whether a revision of this name could be asked for."""
        return _named(self.dialects, version) is not None

    def order(self, verdict: str | None) -> list[Revision]:
        """The revisions in the order to try them: what was agreed before, then those that open
        nothing, so that no server is bound by a question to what it did not have to be."""
        order = sorted(self.revisions, key=lambda each: not each.stateless)
        known = None if verdict is None else self.named(verdict)
        return order if known is None else [known, *(each for each in order if each is not known)]

    @property
    def names(self) -> tuple[str, ...]:
        """Of the revisions, best first."""
        return tuple(revision.name for revision in self.revisions)

    @property
    def told(self) -> str:
        names = ", ".join(self.names)
        return f"{'was told to speak only' if self.pinned else 'offered'} {names}"


def make_offers(
    dialects: Iterable[Dialect], prefer: Sequence[str] | None, revision: str | None
) -> Offers:
    """Raises `ConfigError` for a revision or a dialect nobody brings."""
    known = {dialect.name: dialect for dialect in dialects}
    if revision is not None:
        pinned = _named(list(known.values()), revision)
        if pinned is None:
            raise ConfigError(
                f"no dialect speaks revision {revision!r} (dialects: {', '.join(known) or 'none'})"
            )
        return Offers(list(known.values()), [pinned], pinned=True)
    missing = [name for name in prefer or () if name not in known]
    if missing or not known:
        raise ConfigError(
            f"no dialect {', '.join(missing) or 'at all'} is installed "
            f"(dialects: {', '.join(known) or 'none'})"
        )
    names = prefer or [*(n for n in PREFER if n in known), *(n for n in known if n not in PREFER)]
    offered: dict[str, Revision] = {}
    for name in names:
        dialect = known[name]
        for each in (*map(dialect.revision, dialect.stateless[:1]), dialect.revision()):
            offered[each.name] = each
    return Offers(list(known.values()), list(offered.values()))


def _named(dialects: Iterable[Dialect], version: str) -> Revision | None:
    for dialect in dialects:
        try:
            return dialect.revision(version)
        except InvalidParams:
            continue
    return None
