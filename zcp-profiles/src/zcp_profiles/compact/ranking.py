"""Finding tools by words: BM25 over names, descriptions, parameters and groups.

Own code, because the libraries there are do not fit: `rank-bm25` and `bm25s` bring numpy (tens of
megabytes for a dictionary of sums) and score every document of a corpus whatever the query.

Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond" (2009), with the
field weights of BM25F applied to term frequencies.
"""

from __future__ import annotations

import heapq
import math
import re
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from zcp_kernel.jsontext import is_list, is_object
from zcp_kernel.model import ToolDefinition

_K1, _B = 1.2, 0.75
_NAME, _TITLE, _GROUP, _TEXT, _PARAMETER, _DETAIL = 4.0, 3.0, 2.0, 1.0, 1.5, 0.5
_MOST_WORDS = 32
_COMMON = 0.25
"""A word in more than this share of the tools orders what rarer words found."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+")
_CJK = re.compile(r"[぀-ヿ㐀-鿿가-힯]")
_IDLE = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "by",
        "for",
        "from",
        "i",
        "in",
        "into",
        "is",
        "it",
        "my",
        "of",
        "on",
        "or",
        "please",
        "the",
        "this",
        "that",
        "to",
        "want",
        "what",
        "which",
        "with",
        "you",
        "your",
    ]
)


def words(text: str) -> Iterator[str]:
    """The words of a text or an identifier, lower case, without a plural's ending; a run of
    Chinese, Japanese or Korean as its pairs of characters."""
    for word in _WORD.findall(text):
        if _CJK.match(word):
            yield from (word[at : at + 2] for at in range(max(1, len(word) - 1)))
        elif (lower := word.lower()) not in _IDLE:
            yield _stem(lower)


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith(("ses", "xes", "ches", "shes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


class ToolIndex:
    """An index of tools; make a new one when the tools change."""

    def __init__(self, tools: Iterable[ToolDefinition]) -> None:
        self.tools = tuple(tools)
        self._numbers = {tool.name: number for number, tool in enumerate(self.tools)}
        weights = [_weights(tool) for tool in self.tools]
        lengths = [sum(each.values()) for each in weights]
        average = (sum(lengths) / len(lengths) if lengths else 0.0) or 1.0
        places: dict[str, array[int]] = defaultdict(lambda: array("l"))
        values: dict[str, array[float]] = defaultdict(lambda: array("d"))
        for number, found in enumerate(weights):
            norm = _K1 * (1 - _B + _B * lengths[number] / average)
            for word, weight in found.items():
                places[word].append(number)
                values[word].append(weight * (_K1 + 1) / (weight + norm))
        self._holders = {word: len(numbers) for word, numbers in places.items()}
        self._rare: dict[str, tuple[array[int], array[float]]] = {}
        self._common: dict[str, dict[int, float]] = {}
        for word, numbers in places.items():
            if len(numbers) > len(self.tools) * _COMMON:
                self._common[word] = dict(zip(numbers, values[word], strict=True))
            else:
                self._rare[word] = numbers, values[word]

    def search(
        self,
        query: str,
        limit: int = 10,
        allowed: Callable[[ToolDefinition], bool] | None = None,
    ) -> list[ToolDefinition]:
        """The tools that fit best, best first; of equal ones the one that came first. A tool that
        is called exactly what was asked for is the first."""
        scores = self._scores(query)
        exact = self._numbers.get(query.strip())
        if exact is not None:
            scores[exact] = math.inf
        most = limit if allowed is None else 4 * limit
        found: list[ToolDefinition] = []
        while True:
            ranked = heapq.nlargest(most, scores, key=scores.__getitem__)
            tools = (self.tools[number] for number in ranked)
            found = [tool for tool in tools if allowed is None or allowed(tool)]
            if len(found) >= limit or most >= len(scores):
                return found[:limit]
            most = len(scores)

    def _scores(self, query: str) -> dict[int, float]:
        """Scores by number of the tool, in such an order that of equal ones the first comes first.

        So common a word that it is in `_COMMON` of the tools orders what rarer ones found; it finds
        something by itself only if nothing else did.
        """
        wanted = dict.fromkeys(islice(words(query), _MOST_WORDS))
        scores: dict[int, float] = {}
        for word in wanted:
            if word in self._rare:
                rarity = self._rarity(word)
                for place, value in zip(*self._rare[word], strict=True):
                    scores[place] = scores.get(place, 0.0) + value * rarity
        common = sorted(
            (word for word in wanted if word in self._common), key=self._holders.__getitem__
        )
        for word in common:
            held, rarity = self._common[word], self._rarity(word)
            if not scores:
                scores = {place: value * rarity for place, value in held.items()}
            else:
                for place in scores.keys() & held.keys():
                    scores[place] += held[place] * rarity
        return dict(sorted(scores.items()))

    def _rarity(self, word: str) -> float:
        """Inverse document frequency, never below zero."""
        holders = self._holders[word]
        return math.log(1 + (len(self.tools) - holders + 0.5) / (holders + 0.5))


def _weights(tool: ToolDefinition) -> dict[str, float]:
    """How much each word says of this tool."""
    found: dict[str, float] = defaultdict(float)
    meta = tool.meta or {}
    for text, weight in (
        (tool.name, _NAME),
        (tool.title, _TITLE),
        (tool.description, _TEXT),
        *((each, _GROUP) for each in meta.get("groups", ())),
        *_parameters(tool.input_schema),
    ):
        for word in words(text or ""):
            found[word] += weight
    return found


def _parameters(schema: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    properties = schema.get("properties")
    for name, member in properties.items() if is_object(properties) else ():
        yield name, _PARAMETER
        if is_object(member):
            yield str(member.get("description") or ""), _DETAIL
            values = member.get("enum")
            yield " ".join(str(each) for each in values) if is_list(values) else "", _DETAIL
