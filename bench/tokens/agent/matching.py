"""How well a tool fits a clause: the words they share, and whether the clause has what it takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .english import COMMON, spoken, words
from .filling import Filled, Setting, filled
from .offers import Offer
from .reading import Clause

ENOUGH = 0.7
"""A tool that fits so well is taken without looking for a better one."""

_FIRST, _COMMON = 2.0, 0.3
_PRECISE, _MISSING, _UNUSED = 0.35, 0.6, 0.15


@dataclass(frozen=True)
class Candidate:
    """A tool for a clause, with its arguments."""

    offer: Offer
    filled: Filled
    fit: float


def candidates(
    clause: Clause, offers: Iterable[Offer], setting: Setting, tried: Sequence[str] = ()
) -> list[Candidate]:
    """The offers, the best first; of equal ones the one that was read first."""
    ranked = [_candidate(clause, offer, setting) for offer in offers if offer.name not in tried]
    return sorted(ranked, key=lambda each: -each.fit)


def _candidate(clause: Clause, offer: Offer, setting: Setting) -> Candidate:
    known = set(words(f"{offer.name} {offer.text}"))
    parameters = {word for each in offer.parameters for word in words(each.name)}
    asked = _weighted(clause.telling)
    total = sum(asked.values()) or 1.0
    shared = sum(weight for word, weight in asked.items() if word in known | parameters)
    own = {word for word in known if word not in COMMON}
    precise = len(own & set(clause.telling)) / (len(own) or 1)
    given = filled(offer, clause, setting)
    fit = shared / total + _PRECISE * precise
    fit -= _MISSING * len(given.missing) + _UNUSED * given.unused
    return Candidate(offer, given, fit)


def _weighted(telling: Sequence[str]) -> dict[str, float]:
    """What each word counts: the first one, mostly the verb, tells most."""
    weights = {word: _COMMON if word in COMMON else 1.0 for word in telling}
    first = next((word for word in telling if word not in COMMON), None)
    if first is not None:
        weights[first] = _FIRST
    return weights


def query(clause: Clause) -> str:
    """What to ask a search for: the telling words of the clause."""
    return " ".join(dict.fromkeys(word for word, _ in spoken(clause.saying)))
