"""Counting tokens with the tables that OpenAI's models use; other makers' differ by a little.

The tables come inside the package `bpe-openai`: nothing is fetched, neither now nor later.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any, Protocol

DEFAULT_ENCODING = "o200k_base"
ENCODINGS = (DEFAULT_ENCODING, "cl100k_base")

INSTALL = 'pip install "zero-context-protocol-sdk[tokens]"'


class TokenizerMissing(ImportError):
    """The package that has the tables is not installed; the message has the pip command."""


class Tokenizer(Protocol):
    """`name` says whose tokens these are."""

    @property
    def name(self) -> str: ...

    def count(self, text: str) -> int: ...


class _Encoding:
    def __init__(self, name: str, encoding: Any) -> None:
        self.name = name
        self._encoding = encoding

    def count(self, text: str) -> int:
        # Text of a server may spell a special token; here it is text as any other.
        return len(self._encoding.encode_ordinary(text))


def tokenizer(encoding: str = DEFAULT_ENCODING) -> Tokenizer:
    """The tokenizer of this name: `o200k_base` or `cl100k_base`.

    Raises `TokenizerMissing`, and `ValueError` for a name it does not have.
    """
    try:
        tables = import_module("bpe_openai")
    except ModuleNotFoundError as error:
        raise TokenizerMissing(f"counting tokens needs bpe-openai: {INSTALL}") from error
    if encoding not in ENCODINGS:
        raise ValueError(f"there is no encoding {encoding!r}; there is {', '.join(ENCODINGS)}")
    return _Encoding(encoding, tables.get_encoding(encoding))
