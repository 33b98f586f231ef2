"""zcp's own adapter over a native session, with the views a surface is made of."""

from collections.abc import Mapping
from typing import Any

from zcp_kernel.errors import RemoteError
from zcp_kernel.jsontext import dumps
from zcp_profiles.openai import Limits, OpenAIAdapter

from . import MOST_TURNS, SYSTEM


class View:
    """A session that lists the tools of one or several exposure profiles, one after the other.

    With `whole_search` a search answers with definitions instead of lines.
    """

    def __init__(
        self, session: Any, profiles: tuple[str, ...], *, whole_search: bool = False
    ) -> None:
        self._session = session
        self._profiles = profiles
        self._whole_search = whole_search

    @property
    def protocol_version(self) -> Any:
        return self._session.protocol_version

    async def list_tools(self) -> dict[str, Any]:
        tools: dict[str, Any] = {}
        for profile in self._profiles:
            listed = await self._session.list_tools(profile=profile)
            tools |= {tool["name"]: tool for tool in listed["tools"]}
        return {"tools": list(tools.values())}

    async def call_tool(self, name: str, arguments: Any = None) -> dict[str, Any]:
        if self._whole_search and name == "search_tools":
            return await self._searched(arguments)
        answer: dict[str, Any] = await self._session.call_tool(name, arguments)
        return answer

    async def _searched(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        found = await self._session.search_tools(**arguments, detail="full")
        members = ("name", "description", "inputSchema")
        tools = [{name: tool[name] for name in members} for tool in found["tools"]]
        return {"content": [{"type": "text", "text": dumps(tools).decode()}], "isError": False}

    async def read_handle(self, handle: str, **options: Any) -> dict[str, Any]:
        page: dict[str, Any] = await self._session.read_handle(handle, **options)
        return page

    async def get_task_result(self, task_id: str) -> Any:
        return await self._session.get_task_result(task_id)


async def play(view: View, client: Any, task: str, model: str, *, handles: bool) -> str:
    """Let the model do a task; returns its last words. Without `handles` every result is shown
    whole."""
    limits = Limits(max_turns=MOST_TURNS, inline_bytes=Limits().inline_bytes if handles else None)
    async with OpenAIAdapter(
        view, model=model, client=client, instructions=SYSTEM, strict=False, limits=limits
    ) as adapter:
        try:
            return (await adapter.run(task)).text
        except RemoteError as error:
            return f"(the run failed: {error})"
