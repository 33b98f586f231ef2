"""The same cases with a live model: its requests and answers are kept as transcripts."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio

from .cases import Case, every
from .measuring.playing import Played, play
from .measuring.surfaces import BY_NAME, Surface

KEY = "OPENAI_API_KEY"


def record(model: str, surfaces: Sequence[str] | None, tier: str | None, transcripts: Path) -> int:
    """Play with a model behind `openai.AsyncOpenAI` (`OPENAI_API_KEY`, `OPENAI_BASE_URL`), and
    write one file a surface: a line a request, with what was answered.

    Returns 1 if a case was not solved, 2 without a key.
    """
    if not os.environ.get(KEY):
        print(f"{KEY} is not set: there is no model to play with")
        return 2
    cases = [case for case in every() if tier in (None, case.tier)]
    transcripts.mkdir(parents=True, exist_ok=True)
    failed = 0
    for name in surfaces or ("official", "discovery"):
        played = anyio.run(_recorded, BY_NAME[name], cases, model, transcripts)
        failed += sum(one.wrong is not None for one in played)
        tokens = sum(one.spent.total for one in played)
        print(f"{name}: {len(played)} cases, {failed} not solved, {tokens} tokens")
    return 1 if failed else 0


async def _recorded(
    surface: Surface, cases: Sequence[Case], model: str, folder: Path
) -> list[Played]:
    import openai

    with (folder / f"{surface.name}.jsonl").open("w", encoding="utf-8") as file:

        def keep(request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
            file.write(json.dumps({"request": request, "answer": answer}, default=str) + "\n")

        # A client of its own: its connections belong to this event loop.
        async with openai.AsyncOpenAI() as client:
            return await play(surface, cases, client=client, model=model, keep=keep)
