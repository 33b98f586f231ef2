"""A view: some of a server's tools, in the order to show them."""

from __future__ import annotations

from attrs import define, field

from ...model import ToolDefinition


@define(slots=True, eq=False)
class RegistryView:
    """A selection of a server's tools, in the order to show them.

    `profile` names the profile it came from, if any; the view is of one registry version. `names`
    are the tools shown, `reach` also those that they stand for.
    """

    tools: tuple[ToolDefinition, ...]
    profile: str | None = None
    stands_for: frozenset[str] = frozenset()
    names: frozenset[str] = field(init=False)
    reach: frozenset[str] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.names = frozenset(tool.name for tool in self.tools)
        self.reach = self.names | self.stands_for

    def __len__(self) -> int:
        return len(self.tools)
