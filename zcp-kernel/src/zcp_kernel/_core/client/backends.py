"""The backends of a session group: their names, what each offers, and who is meant by a name."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

import anyio
from attrs import define, field, frozen

from ..._core.templates import UriTemplate
from ...errors import ConfigError, Fault, InvalidParams, NotFound

if TYPE_CHECKING:
    from ...client import ZCPClientSession

T = TypeVar("T")

BACKEND_META = "zcp/backend"
QUALIFIED_META = "zcp/qualifiedName"


@frozen
class Kind:
    """A kind of object: its list's member, the member that identifies it, the session's method."""

    name: str
    member: str
    key: str
    list_method: str


TOOL = Kind("tool", "tools", "name", "list_tools")
PROMPT = Kind("prompt", "prompts", "name", "list_prompts")
RESOURCE = Kind("resource", "resources", "uri", "list_resources")
TEMPLATE = Kind("resource", "resourceTemplates", "uriTemplate", "list_resource_templates")


@define(eq=False)
class Backend:
    """A session under the name its objects are qualified with; a name once given stays.

    `known` holds, by list member, the keys of what was listed last.
    """

    session: ZCPClientSession
    name: str | None = None
    known: dict[str, set[str]] = field(factory=dict[str, set[str]])

    async def listed(self, kind: Kind, options: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await getattr(self.session, kind.list_method)(**options)
        keys = {item[kind.key] for item in answer[kind.member]}
        self.known[kind.member] = self.known.get(kind.member, set()) | keys if options else keys
        answer[kind.member] = [self._marked(kind, item) for item in answer[kind.member]]
        return answer

    def _marked(self, kind: Kind, item: dict[str, Any]) -> dict[str, Any]:
        info = self.session.server_info
        origin = {
            "name": self.name,
            "transport": self.session.transport,
            "server": {key: info[key] for key in ("name", "version") if key in info},
        }
        qualified = f"{self.name}.{item[kind.key]}"
        meta = {**item.get("_meta", {}), BACKEND_META: origin, QUALIFIED_META: qualified}
        return {**item, "_meta": meta}

    def meant(self, kinds: Iterable[Kind], name: str) -> str | None:
        """What this backend calls the object `name`, qualified or bare, means; None if none."""
        for kind in kinds:
            known = self.known.get(kind.member, set())
            rest = name.removeprefix(f"{self.name}.")
            for candidate in dict.fromkeys((name, rest)):
                if candidate in known or (kind is TEMPLATE and _matches(known, candidate)):
                    return candidate
        return None


def _matches(templates: set[str], uri: str) -> bool:
    for template in templates:
        try:
            if UriTemplate(template).match(uri) is not None:
                return True
        except ValueError:
            continue
    return False


class Backends:
    """Every backend of a group, in the order they joined."""

    def __init__(self) -> None:
        self.all: list[Backend] = []

    def add(self, session: ZCPClientSession, name: str | None) -> None:
        """Raises `ConfigError` for a name that is taken."""
        if name is not None and name in self._names():
            raise ConfigError(f"two backends of the group are named {name!r}")
        self.all.append(Backend(session, name))

    def _names(self) -> set[str]:
        return {backend.name for backend in self.all if backend.name is not None}

    async def each(
        self, work: Callable[[Backend], Awaitable[T]]
    ) -> tuple[list[tuple[Backend, T]], list[dict[str, Any]]]:
        """Run `work` on every backend at once: what it returned, and the errors of the others."""
        backends = list(self.all)
        _, unopened = await _all_of([each for each in backends if each.name is None], _open)
        # Only now: names follow the order of joining, not the speed of answering.
        for backend in backends:
            if backend.name is None and backend not in unopened:
                backend.name = self._free(slug(backend.session.server_info["name"]))
        done, failed = await _all_of([each for each in backends if each.name is not None], work)
        failed |= unopened
        errors = [
            {"backend": each.name or f"#{number}", "message": _told(failed[each])}
            for number, each in enumerate(backends, 1)
            if each in failed
        ]
        return [(each, done[each]) for each in backends if each in done], errors

    def _free(self, wanted: str) -> str:
        taken = self._names()
        name, number = wanted, 1
        while name in taken:
            number += 1
            name = f"{wanted}-{number}"
        return name

    async def find(
        self, kinds: tuple[Kind, ...], name: str, backend: str | None
    ) -> tuple[Backend, str]:
        """The backend that has the object of this name, and its own name for it.

        Raises `NotFound`, and `InvalidParams` naming the candidates if there are several.
        """
        candidates = self._candidates(kinds, name, backend)
        errors: list[dict[str, Any]] = []
        unread = any(kind.member not in each.known for each in self.all for kind in kinds)
        if unread or not candidates:
            errors = await self._read(kinds, all_again=not unread)
            candidates = self._candidates(kinds, name, backend)
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            raise _ambiguous(name, candidates)
        error = NotFound(kinds[0].name, name)
        if errors:
            error.data["unreachable"] = errors
        raise error

    def _candidates(
        self, kinds: tuple[Kind, ...], name: str, backend: str | None
    ) -> list[tuple[Backend, str]]:
        return [
            (each, own)
            for each in self.all
            if backend in (None, each.name) and (own := each.meant(kinds, name)) is not None
        ]

    async def _read(self, kinds: tuple[Kind, ...], *, all_again: bool) -> list[dict[str, Any]]:
        async def read(backend: Backend) -> None:
            for kind in kinds:
                if all_again or kind.member not in backend.known:
                    await backend.listed(kind, {})

        _, errors = await self.each(read)
        return errors


async def _all_of(
    backends: list[Backend], work: Callable[[Backend], Awaitable[T]]
) -> tuple[dict[Backend, T], dict[Backend, Exception]]:
    done: dict[Backend, T] = {}
    failed: dict[Backend, Exception] = {}

    async def one(backend: Backend) -> None:
        try:
            done[backend] = await work(backend)
        except Exception as error:
            failed[backend] = error

    async with anyio.create_task_group() as group:
        for backend in backends:
            group.start_soon(one, backend)
    return done, failed


async def _open(backend: Backend) -> None:
    await backend.session.initialize()


def _ambiguous(name: str, candidates: list[tuple[Backend, str]]) -> InvalidParams:
    told = ", ".join(f"{backend.name}.{own}" for backend, own in candidates)
    message = f"several backends have it: say {told}, or name the backend"
    return InvalidParams(f"ambiguous:{name}: {message}", [Fault("name", "ambiguous", message)])


def _told(error: Exception) -> str:
    return str(error) or type(error).__name__


def slug(name: str) -> str:
    """A server's name as a backend's: lower case, its words joined by dashes."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "backend"
