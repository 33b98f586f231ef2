"""Tool names as a model API takes them, each tool told apart."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable

MAX_NAME = 64
"""Longest function name. Source: OpenAI, API reference, "function.name"."""

_FOREIGN = re.compile(r"[^A-Za-z0-9_-]")


def api_names(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """API name -> tool name, for every tool once, in order.

    A name the API takes stays; of others the foreign characters become `_`. Where two would be
    one, or a name is too long, it ends with a digest of the tool's own name, so that it depends on
    nothing else. Names in `taken` are not given out.
    """
    listed = list(dict.fromkeys(names))
    used = set(taken)
    fitting = {name for name in listed if len(name) <= MAX_NAME and not _FOREIGN.search(name)}
    fitting = {name for name in fitting if name and name not in used}
    wanted = [name if name in fitting else _FOREIGN.sub("_", name) or "_" for name in listed]
    crowd = _twice(wanted)
    given: dict[str, str] = {}
    used |= fitting
    for name, wish in zip(listed, wanted, strict=True):
        chosen = wish
        if name not in fitting and (wish in used or wish in crowd or len(wish) > MAX_NAME):
            chosen = _marked(name, wish, used)
        used.add(chosen)
        given[chosen] = name
    return given


def _twice(names: list[str]) -> set[str]:
    return {name for name, times in Counter(names).items() if times > 1}


def _marked(name: str, wish: str, used: set[str]) -> str:
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    for length in range(4, len(digest)):
        mark = f"_{digest[:length]}"
        marked = wish[: MAX_NAME - len(mark)] + mark
        if marked not in used:
            return marked
    raise ValueError(f"no name left for the tool {name!r}")
