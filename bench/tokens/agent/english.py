"""The little English the agent has: words, and which words mean the same."""

import re
from collections.abc import Iterator

_WORD = re.compile(r"[A-Za-z]+")
_IDLE = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "do",
        "each",
        "ever",
        "every",
        "for",
        "from",
        "has",
        "have",
        "he",
        "her",
        "his",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "let",
        "may",
        "me",
        "my",
        "no",
        "nobody",
        "not",
        "of",
        "on",
        "one",
        "only",
        "or",
        "our",
        "out",
        "over",
        "please",
        "put",
        "she",
        "so",
        "some",
        "such",
        "than",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "this",
        "those",
        "to",
        "under",
        "up",
        "us",
        "was",
        "we",
        "were",
        "what",
        "when",
        "where",
        "which",
        "who",
        "will",
        "with",
        "without",
        "you",
        "your",
        "also",
        "all",
        "any",
        "can",
        "could",
        "should",
        "would",
        "must",
        "want",
        "need",
        "make",
        "give",
        "get",
        "set",
        "keep",
        "same",
        "both",
        "just",
    ]
)
COMMON = frozenset(
    ["sheet", "workbook", "column", "row", "cell", "range", "value", "table", "data"]
)
"""Words nearly every tool of an office program has: they tell little apart."""

_SAME = {
    "colour": "color",
    "background": "fill",
    "biggest": "largest",
    "highest": "largest",
    "copy": "copy",
    "combine": "consolidate",
    "stack": "consolidate",
    "mean": "average",
    "total": "sum",
    "group": "group",
    "match": "equal",
    "above": "greater",
    "exceed": "greater",
    "more": "greater",
    "below": "less",
    "fewer": "less",
    "lock": "protect",
    "note": "comment",
    "erase": "clear",
    "empty": "clear",
    "remove": "remove",
    "double": "duplicate",
    "order": "sort",
    "graph": "chart",
    "diagram": "chart",
    "tidy": "clean",
    "mark": "highlight",
    "link": "hyperlink",
    "lookup": "join",
    "compare": "reconcile",
    "summarise": "summarize",
    "summary": "summarize",
    "sumup": "summarize",
    "drop": "dropdown",
    "justify": "align",
    "alignment": "align",
    "centre": "center",
    "percentage": "percent",
    "decimal": "format",
}
CUES = {
    "target": "into new as called named",
    "new": "as to new named called",
    "name": "named called as to",
    "group": "by per each group for",
    "by": "by per each for",
    "column": "column of columns",
    "key": "by on key",
    "other": "with against and to",
    "title": "title titled headed",
    "text": "saying says text",
    "find": "every replace replaced all",
    "replacement": "by with",
    "choices": "choices among options between",
    "rows": "down rows",
    "columns": "across columns",
    "values": "of sums summing values",
    "password": "password",
    "value": "value to than is equals contains",
    "sheet": "sheet sheets on in",
    "sheets": "sheets",
    "number": "format",
    "format": "format as",
    "url": "to address",
    "color": "in with color",
    "size": "size points",
    "width": "width",
    "row": "row rows at from before",
    "count": "count many rows empty",
    "position": "position place",
}
"""Which words in front of a datum announce it, by a word of a parameter's name."""

BEHIND = frozenset(["down", "across", "rows", "row", "empty", "points"])
"""Words that announce a datum from behind: "3 rows"."""

YES = {"descending": ("largest", "descend", "newest", "latest", "most"), "wrap": ("wrap", "line")}
CHOICES = {
    "not_equals": ("other", "differ", "except"),
    "equals": ("equal", "exactly", "whose"),
    "greater": ("greater",),
    "less": ("less",),
    "contains": ("contain",),
    "count": ("many", "number"),
    "max": ("maximum", "top"),
    "min": ("minimum", "lowest", "smallest"),
}
"""Further words for a choice."""


def spoken(text: str) -> Iterator[tuple[str, str]]:
    """Telling words as they stand, each with its stem; those that mean the same have one stem."""
    for word in _WORD.findall(text.replace("_", " ").lower()):
        if word not in _IDLE:
            found = stem(_SAME.get(word, word))
            yield word, stem(_SAME.get(found, found))


def words(text: str) -> Iterator[str]:
    """The stems of the telling words."""
    return (root for _, root in spoken(text))


def stem(word: str) -> str:
    for ending, least in (("ing", 6), ("ied", 5), ("ies", 5), ("ed", 5), ("es", 6), ("s", 4)):
        if len(word) >= least and word.endswith(ending) and not word.endswith("ss"):
            cut = word[: -len(ending)]
            if ending in ("ing", "ed") and len(cut) > 3 and cut[-1] == cut[-2] and cut[-1] != "l":
                cut = cut[:-1]
            return cut + "y" if ending in ("ied", "ies") else cut.rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word
