"""How many tokens a text will be, about, without a tokenizer."""

from __future__ import annotations

import re

_PIECE = re.compile(r"[A-Za-z]+|\d+|\n+|[ \t]{2,}|(?P<wide>[^\x00-\x7f])|(?P<marks>[^\sA-Za-z\d]+)")


def estimate_tokens(text: str) -> int:
    """An estimate for the byte-pair encodings of current models, within a quarter or so for English
    and JSON: a word is one token for every six letters, a number one for every three digits,
    punctuation one for every two marks, a character beyond ASCII one. Takes linear time."""
    total = 0
    for match in _PIECE.finditer(text):
        piece = match.group()
        if match.group("wide"):
            total += 1
        elif match.group("marks"):
            total += (len(piece) + 1) // 2
        elif piece[0].isdigit():
            total += (len(piece) + 2) // 3
        elif piece[0].isalpha():
            total += (len(piece) + 5) // 6
        else:
            total += 1
    return total
