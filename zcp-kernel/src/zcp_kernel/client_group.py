"""Several sessions as one: merged lists, calls that find their backend."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import anyio

from ._core.client.backends import (
    PROMPT,
    RESOURCE,
    TEMPLATE,
    TOOL,
    Backend,
    Backends,
    Kind,
)
from .client import ZCPClientSession
from .closing import Closing
from .errors import ConfigError, InvalidParams, NotFound

__all__ = ["ZCPSessionGroup"]


class ZCPSessionGroup(Closing):
    """Treats the servers of several sessions as one.

    Every backend has a name: the one given in `names`, or its server's name in lower case and with
    dashes, made unique in the order of joining; it never changes. Every listed object has in its
    `_meta` the `zcp/qualifiedName` (`backend.name`; for resources `backend.uri`) and the
    `zcp/backend` `{name, transport, server}` it comes from. Calls take the qualified name, or the
    bare one while only one backend has it; `backend=` decides otherwise.

    A backend that fails does not spoil a list: it is named in `errors: [{backend, message}]`.
    """

    def __init__(
        self, sessions: Iterable[ZCPClientSession] = (), names: Sequence[str] | None = None
    ) -> None:
        given = list(sessions)
        if names is not None and len(names) != len(given):
            raise ConfigError(f"{len(given)} sessions, but {len(names)} names")
        self._backends = Backends()
        self._task_owners: dict[str, Backend] = {}
        for index, session in enumerate(given):
            self.add(session, names[index] if names is not None else None)

    def add(self, session: ZCPClientSession, name: str | None = None) -> None:
        """Let another backend join. Names already in use stay as they are. Raises `ConfigError`
        for a name that is taken."""
        self._backends.add(session, name)

    @property
    def sessions(self) -> dict[str, ZCPClientSession]:
        """The sessions by backend name; those not yet named (never reached) are left out."""
        return {each.name: each.session for each in self._backends.all if each.name is not None}

    @property
    def members(self) -> list[tuple[str | None, ZCPClientSession]]:
        """Every backend in the order of joining, with its name if it has one yet."""
        return [(each.name, each.session) for each in self._backends.all]

    # -- lists ------------------------------------------------------------------------------------

    async def list_tools(self, **kwargs: Any) -> dict[str, Any]:
        """`{"tools": [...], "errors"?}`; `kwargs` are those of the session's `list_tools`."""
        return await self._list(TOOL, kwargs)

    async def list_resources(self, **kwargs: Any) -> dict[str, Any]:
        """`{"resources": [...], "errors"?}`."""
        return await self._list(RESOURCE, kwargs)

    async def list_resource_templates(self, **kwargs: Any) -> dict[str, Any]:
        """`{"resourceTemplates": [...], "errors"?}`."""
        return await self._list(TEMPLATE, kwargs)

    async def list_prompts(self, **kwargs: Any) -> dict[str, Any]:
        """`{"prompts": [...], "errors"?}`."""
        return await self._list(PROMPT, kwargs)

    async def _list(self, kind: Kind, options: dict[str, Any]) -> dict[str, Any]:
        if options.get("cursor") is not None:
            raise InvalidParams("invalid:cursor: a group has no pages, its lists are whole")
        answers, errors = await self._backends.each(lambda each: each.listed(kind, options))
        merged: dict[str, Any] = {
            kind.member: [item for _, answer in answers for item in answer[kind.member]]
        }
        if errors:
            merged["errors"] = errors
        return merged

    # -- calls ------------------------------------------------------------------------------------

    async def call_tool(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        backend: str | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """As the session's `call_tool`. Raises `NotFound` if no backend has the tool, and
        `InvalidParams` naming the candidates if several have it."""
        found, own = await self._backends.find((TOOL,), name, backend)
        return self._owned(found, await found.session.call_tool(own, arguments, **kwargs))

    async def call_tool_as_task(
        self,
        name: str,
        arguments: Mapping[str, Any] | None = None,
        *,
        backend: str | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """As the session's; the group remembers whose task it is."""
        found, own = await self._backends.find((TOOL,), name, backend)
        return self._owned(found, await found.session.call_tool_as_task(own, arguments, **kwargs))

    async def get_prompt(
        self, name: str, arguments: dict[str, str] | None = None, *, backend: str | None = None
    ) -> dict[str, Any]:
        found, own = await self._backends.find((PROMPT,), name, backend)
        return await found.session.get_prompt(own, arguments)

    async def read_resource(
        self, uri: str, arguments: Mapping[str, Any] | None = None, *, backend: str | None = None
    ) -> dict[str, Any]:
        """As the session's; the URI may also be one that a backend's template describes."""
        found, own = await self._backends.find((RESOURCE, TEMPLATE), uri, backend)
        return await found.session.read_resource(own, arguments)

    async def complete(
        self, ref: str | Mapping[str, Any], *args: Any, backend: str | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """As the session's; `ref` is a prompt, a resource or a template of some backend."""
        name = ref if isinstance(ref, str) else str(ref.get("name") or ref.get("uri"))
        by_uri = ":" in name if isinstance(ref, str) else "uri" in ref
        kinds = (RESOURCE, TEMPLATE) if by_uri else (PROMPT,)
        found, own = await self._backends.find(kinds, name, backend)
        own_ref = {"uri": own} if by_uri else {"name": own}
        return await found.session.complete(own_ref, *args, **kwargs)

    async def subscribe_resource(self, uri: str, *, backend: str | None = None) -> dict[str, Any]:
        found, own = await self._backends.find((RESOURCE, TEMPLATE), uri, backend)
        return await found.session.subscribe_resource(own)

    async def unsubscribe_resource(self, uri: str, *, backend: str | None = None) -> dict[str, Any]:
        found, own = await self._backends.find((RESOURCE, TEMPLATE), uri, backend)
        return await found.session.unsubscribe_resource(own)

    # -- tasks ------------------------------------------------------------------------------------

    async def get_task(self, task_id: str) -> dict[str, Any]:
        """Of a task started through this group. Raises `NotFound` for any other."""
        return await self._owner(task_id).session.get_task(task_id)

    async def get_task_result(self, task_id: str, *, timeout: float | None = None) -> Any:
        return await self._owner(task_id).session.get_task_result(task_id, timeout=timeout)

    async def cancel_task(self, task_id: str) -> dict[str, Any]:
        return await self._owner(task_id).session.cancel_task(task_id)

    async def answer_task(self, task_id: str, key: str, response: Any) -> dict[str, Any]:
        return await self._owner(task_id).session.answer_task(task_id, key, response)

    def _owned(self, backend: Backend, answer: dict[str, Any]) -> dict[str, Any]:
        task_id = answer.get("task", {}).get("taskId")
        if task_id is not None:
            self._task_owners[task_id] = backend
        return answer

    def _owner(self, task_id: str) -> Backend:
        owner = self._task_owners.get(task_id)
        if owner is None:
            raise NotFound("task", task_id)
        return owner

    # -- life -------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Close every session. Idempotent, legal from any task."""
        async with anyio.create_task_group() as group:
            for backend in self._backends.all:
                group.start_soon(backend.session.aclose)

    async def aclose(self) -> None:
        """`close`."""
        await self.close()
