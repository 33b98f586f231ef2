"""Lists of tools the client has seen, so that the server need only say what changed since.

Rules of this file:
- The first list is asked for as anybody would; only where a list is asked for again does the
  request name the view that is known. So nothing is paid by who lists once.
- What is remembered is JSON text: callers get values of their own and may change them.
- A change is taken only if the view it makes has the hash the server says; else the whole list is
  asked for. A list put together from pages is named by its own hash, so that a change between two
  pages is no harm.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attrs import define

from ....errors import InvalidParams
from ....jsontext import dumps, is_object, reload
from ....model import ListToolsParams
from ....views import apply_change, view_hash
from ..catalogue import CatalogueCalls

MOST_VIEWS = 8
MOST_BYTES = 32 * 1024 * 1024

MakeParams = Callable[..., ListToolsParams]


@define
class View:
    """A list of tools as (name, JSON), and its hash; `theirs` if the server's way to make hashes is
    not ours, so that they cannot be checked."""

    tools: list[tuple[str, bytes]]
    profile: str | None
    hash: str
    theirs: bool = False

    @property
    def size(self) -> int:
        return sum(len(text) for _, text in self.tools)

    def answer(self) -> dict[str, Any]:
        tools = reload(b"[" + b",".join(text for _, text in self.tools) + b"]")
        return (
            {"tools": tools} if self.profile is None else {"tools": tools, "profile": self.profile}
        )

    def changed(self, change: dict[str, Any]) -> View | None:
        """The view that `change` makes of this one; None if it does not fit."""
        changed = [
            (each["at"], each["tool"]["name"], dumps(each["tool"]))
            for each in change.get("changed", ())
        ]
        try:
            tools = apply_change(self.tools, changed, change.get("removed", ()))
        except InvalidParams:
            return None
        named: str = change.get("hash", "")
        right = self.theirs or view_hash(text for _, text in tools) == named
        return View(tools, self.profile, named, self.theirs) if named and right else None


def view_of(answer: dict[str, Any], *, whole: bool) -> View | None:
    """What to remember of a list; `whole` if it came in one page. None if it cannot be named."""
    tools = [(tool["name"], dumps(tool)) for tool in answer["tools"]]
    own, theirs = view_hash(text for _, text in tools), answer.get("hash")
    if theirs in (None, own):
        return View(tools, answer.get("profile"), own)
    return View(tools, answer.get("profile"), theirs, theirs=True) if whole else None


class KnownTools(CatalogueCalls):
    """`tools/list` with a memory, where the dialect has words for it."""

    _views: dict[bytes, View] | None = None

    async def known_tools(self, params: MakeParams) -> dict[str, Any]:
        """All tools `params` asks for: `{"tools": [...], "profile"?}`."""
        key = await self._key(params)
        if key is None:
            return await self.pages("tools/list", params, None, "tools")
        views = self._views = {} if self._views is None else self._views
        view = views.pop(key, None)
        answer, pages = await self._list(params, None if view is None else view.hash)
        if "tools" in answer:
            view = view_of(answer, whole=pages == 1)
            answer.pop("hash", None)
        elif view is not None:
            view = view if answer.get("unchanged") else view.changed(answer)
            if view is None:
                return await self.known_tools(params)
            answer = view.answer()
        if view is not None and view.size <= MOST_BYTES:
            views[key] = view
            _forget(views)
        return answer

    async def _key(self, params: MakeParams) -> bytes | None:
        """What tells this list from others; None where it has no views."""
        link = await self._ready()
        method = link.methods.get("tools/list")
        if method is None:
            return None
        said = method.encode_params(params(known="?"))
        return dumps(said) if is_object(said) and "known" in said else None

    async def _list(self, params: MakeParams, known: str | None) -> tuple[dict[str, Any], int]:
        pages = 0

        def page(cursor: str | None) -> ListToolsParams:
            nonlocal pages
            pages += 1
            return params(cursor=cursor, known=known if cursor is None else None)

        return await self.pages("tools/list", page, None, "tools"), pages


def _forget(views: dict[bytes, View]) -> None:
    """The views used least recently go first."""
    while len(views) > MOST_VIEWS or sum(view.size for view in views.values()) > MOST_BYTES:
        del views[next(iter(views))]
