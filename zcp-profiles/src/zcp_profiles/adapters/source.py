"""Where the tools are: a session, or what one can be opened with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from zcp_kernel.connecting import connect
from zcp_kernel.errors import NotFound, ZCPError
from zcp_kernel.jsontext import is_list, is_object

from .calling import member
from .tools.compiled import groups_of, listed_tools

NATIVE = "zcp/"
QUALIFIED_NAME = "zcp/qualifiedName"


@runtime_checkable
class ToolSession(Protocol):
    """What an adapter needs of a session: `ZCPClientSession`, `ZCPSessionGroup`, or alike."""

    async def list_tools(self) -> dict[str, Any]: ...

    async def call_tool(self, name: str, arguments: Any = None) -> dict[str, Any]: ...


class ToolSource:
    """A session, opened when it is needed and closed if it was opened here."""

    def __init__(self, target: Any) -> None:
        self._given = isinstance(target, ToolSession)
        self._wrapped = frozenset[str]()
        self.session: Any = target if self._given else connect(target)

    @property
    def is_native(self) -> bool:
        """Whether the other side keeps handles and resolves references to them."""
        revision = getattr(self.session, "protocol_version", None)
        return isinstance(revision, str) and revision.startswith(NATIVE)

    async def tools(
        self, profile: str | None = None, groups: tuple[str, ...] | None = None
    ) -> list[dict[str, Any]]:
        """The tools of a view. A server that knows no views is asked for all tools, and the groups
        are picked here. Raises as `list_tools` does."""
        await self._ready()
        asked: dict[str, Any] = {"profile": profile, "groups": groups and list(groups)}
        asked = {name: value for name, value in asked.items() if value}
        if not asked or self.is_native:
            return self._known(await self.session.list_tools(**asked))
        tools = self._known(await self.session.list_tools())
        wanted = set(groups or ()) or {"workflow"}
        tagged = [tool for tool in tools if wanted.intersection(groups_of(tool))]
        return tagged if tagged or groups else tools

    def _known(self, answer: dict[str, Any]) -> list[dict[str, Any]]:
        tools = told_apart(listed_tools(answer))
        if not self.is_native:
            self._wrapped |= {str(tool["name"]) for tool in tools if _wraps(tool)}
        return tools

    async def _ready(self) -> None:
        """Open the session if it is not: only then its revision is known."""
        if getattr(self.session, "protocol_version", "") is None:
            await self.session.initialize()
            await self.session.initialized()

    async def call(self, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await self.session.call_tool(name, dict(arguments))
        if is_object(task := answer.get("task")) and "content" not in answer:
            # A server may decide to run a call as a task: the model waits for its result.
            outcome = await self.session.get_task_result(task["taskId"])
            if is_object(outcome) and ("content" in outcome or "isError" in outcome):
                return outcome
            return {"content": [], "isError": False, "structuredContent": outcome}
        return unwrapped(answer) if name in self._wrapped else answer

    async def fetched(self, handle: str) -> Any:
        """The whole value of a handle that a session of the group keeps: the group itself reads
        none. Raises `NotFound` if none of them has it."""
        for session in getattr(self.session, "sessions", {}).values():
            try:
                return await whole_value(session, handle)
            except ZCPError:
                continue  # not this one's
        raise NotFound("handle", handle)

    async def aclose(self) -> None:
        """Close the session if it was opened here. Idempotent."""
        if not self._given:
            await self.session.aclose()


def told_apart(tools: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The tools of several servers under names that are one's own: the qualified name where two
    have the same."""
    times = Counter(str(tool["name"]) for tool in tools)
    return [
        {**tool, "name": member(tool, "_meta").get(QUALIFIED_NAME, tool["name"])}
        if times[str(tool["name"])] > 1
        else tool
        for tool in tools
    ]


def _wraps(tool: dict[str, Any]) -> bool:
    """Whether a tool's results are `{"result": value}`, as the official SDK makes of any value
    that is no object."""
    return member(member(tool, "outputSchema"), "properties").keys() == {"result"}


def unwrapped(answer: dict[str, Any]) -> dict[str, Any]:
    """A result without that wrapping."""
    value = answer.get("structuredContent")
    if is_object(value) and value.keys() == {"result"}:
        return {**answer, "structuredContent": value["result"]}
    return answer


async def whole_value(session: Any, handle: str, pointer: str | None = None) -> Any:
    """A kept value, page by page. Raises as `read_handle` does."""
    page = await session.read_handle(handle, pointer=pointer)
    value = page["value"]
    while (offset := page.get("nextOffset")) is not None:
        page = await session.read_handle(handle, pointer=pointer, offset=offset)
        value = value | page["value"] if is_object(value) else value + page["value"]
    if is_list(value):
        return [await _opened(session, handle, item) for item in value]
    if is_object(value):
        return {name: await _opened(session, handle, item) for name, item in value.items()}
    return value


async def _opened(session: Any, handle: str, item: Any) -> Any:
    """An item; one that was too long for a page stands in it as a reference."""
    if is_object(item) and item.keys() == {"$handle", "pointer"} and item["$handle"] == handle:
        return await whole_value(session, handle, item["pointer"])
    return item
