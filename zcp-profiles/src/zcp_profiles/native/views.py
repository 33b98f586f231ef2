"""What the server remembers of views, to answer with what changed since."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from weakref import WeakKeyDictionary

from attrs import define
from zcp_kernel.model import ToolChange, ToolDefinition, ViewChange
from zcp_kernel.registry import RegistryView
from zcp_kernel.views import changes, tool_text, view_hash

MOST_TOOLS = 200_000
"""Tools in all remembered views together."""

MOST_SHOWN = 8
"""Views without a hash that are kept in case somebody names theirs."""

Named = Sequence[tuple[str, bytes]]


@define(eq=False)
class Seen:
    """A view as it was sent: its hash, and each tool as (name, text)."""

    hash: str
    tools: Named


class Views:
    """The views of one server that clients may know, the least recently asked for gone first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._of: WeakKeyDictionary[RegistryView, Seen] = WeakKeyDictionary()
        self._texts: dict[int, tuple[ToolDefinition, bytes]] = {}
        self._tools = 0
        self._shown: dict[RegistryView, None] = {}

    def show(self, view: RegistryView) -> None:
        """A view that was sent without its hash: it is worked out when a client names one."""
        if self._most and view not in self._of:
            self._shown[view] = self._shown.pop(view, None)
            if len(self._shown) > MOST_SHOWN:
                del self._shown[next(iter(self._shown))]

    def seen(self, view: RegistryView) -> Seen:
        """The view with its hash; remembered from now on."""
        found = self._of.get(view)
        if found is None:
            tools = [(tool.name, self._text(tool)) for tool in view.tools]
            found = self._of[view] = Seen(view_hash(text for _, text in tools), tools)
            self._tidy(view)
        if self._most:
            self._remember(found)
        return found

    def _text(self, tool: ToolDefinition) -> bytes:
        """Texts are shared by the views a tool is in, and not made again for its next version's."""
        known = self._texts.get(id(tool))
        if known is None or known[0] is not tool:
            known = self._texts[id(tool)] = tool, tool_text(tool)
        return known[1]

    def _tidy(self, view: RegistryView) -> None:
        if len(self._texts) > 2 * len(view) + 10_000:
            self._texts.clear()

    def _remember(self, seen: Seen) -> None:
        if seen.hash not in self._seen:
            self._seen[seen.hash] = seen
            self._tools += len(seen.tools)
        self._seen.move_to_end(seen.hash)
        while len(self._seen) > 1 and (len(self._seen) > self._most or self._tools > MOST_TOOLS):
            _, gone = self._seen.popitem(last=False)
            self._tools -= len(gone.tools)

    def _find(self, known: str) -> Seen | None:
        while known not in self._seen and self._shown:
            self.seen(self._shown.popitem()[0])
        return self._seen.get(known)

    def since(self, known: str, view: RegistryView) -> ViewChange | None:
        """What to tell a client that has the view `known`; None: everything, because it is not
        remembered, or too much has changed."""
        now = self.seen(view)
        if known == now.hash:
            return ViewChange(unchanged=True)
        before = self._find(known)
        found = None if before is None else changes(before.tools, now.tools)
        if found is None or 2 * len(found[0]) > len(now.tools):
            return None
        changed = [ToolChange(place, view.tools[place]) for place in found[0]]
        return ViewChange(hash=now.hash, base=known, changed=changed, removed=found[1])
