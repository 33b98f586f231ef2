"""Another app of this process under this one's roof: its handlers run here, nothing is encoded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve

from ...errors import RegistrationError
from ...model import CompletionRequest
from ..registry.catalogue import Catalogue
from ..registry.items import Completion, Prompt, Resource, TaskKind, Template, Tool
from ..templates import UriTemplate
from .forwarding import Forwarding
from .section import Section, stamped

if TYPE_CHECKING:
    from ...app import FastZCP
    from ...context import Context

T = TypeVar("T")


class LocalSections:
    """The objects of `inner`, listed in `outer` and kept up to date with it."""

    def __init__(
        self,
        outer: FastZCP,
        inner: FastZCP,
        name: str,
        prefix: str | None,
        scopes: tuple[str, ...],
    ) -> None:
        self._inner = inner
        self.name = name
        self._scopes = scopes
        self._backend = {
            "name": name,
            "transport": "local",
            "server": {"name": inner.name, "version": inner.version},
        }
        self._kept: dict[tuple[str, str], tuple[Any, Any]] = {}
        self._tools = Section(outer.tools, prefix)
        self.resources = Section(outer.resources)
        self._templates = Section(outer.templates)
        self._prompts = Section(outer.prompts, prefix)
        self._task_kinds = Section(outer.task_kinds, prefix)
        self._completions = Section(outer.completions)
        self._follow(inner.tools, self._tools, self._tool)
        self._follow(inner.resources, self.resources, self._resource)
        self._follow(inner.templates, self._templates, self._template)
        self._follow(inner.prompts, self._prompts, self._prompt)
        self._follow(inner.task_kinds, self._task_kinds, self._task_kind)
        for catalogue in (inner.completions, inner.prompts, inner.templates, inner.resources):
            catalogue.listen(self._complete)
        self._complete()

    def _follow(
        self, catalogue: Catalogue[T], section: Section[T], make: Callable[[T, str, str], T]
    ) -> None:
        def publish() -> None:
            items = {
                key: partial(self._once, make, item)
                for key in catalogue.keys()  # noqa: SIM118 - a catalogue is walked by its items
                if (item := catalogue.get(key)) is not None
            }
            section.publish(items, self.name)

        catalogue.listen(publish)
        publish()

    def _once(self, make: Callable[[T, str, str], T], item: T, name: str, qualified: str) -> T:
        """What was made of an item before, as long as it is the same item."""
        key = (type(item).__name__, name)
        known = self._kept.get(key)
        if known is None or known[0] is not item:
            known = self._kept[key] = (item, make(item, name, qualified))
        made: T = known[1]
        return made

    # -- one of each ------------------------------------------------------------------------------

    def _tool(self, tool: Tool, name: str, qualified: str) -> Tool:
        meta = stamped(tool.definition.meta, self._backend, name, qualified)
        definition = evolve(tool.definition, name=name, meta=meta)
        return evolve(tool, definition=definition, required_scopes=self._all(tool.required_scopes))

    def _resource(self, item: Resource, uri: str, qualified: str) -> Resource:
        own = item.descriptor.uri
        meta = stamped(item.descriptor.meta, self._backend, uri, qualified)
        return evolve(
            item,
            descriptor=evolve(item.descriptor, uri=uri, meta=meta),
            invoke=item.invoke if uri == own else _under(item.invoke, lambda _: own),
            required_scopes=self._all(item.required_scopes),
        )

    def _template(self, item: Template, template: str, qualified: str) -> Template:
        own = item.descriptor.uri_template
        meta = stamped(item.descriptor.meta, self._backend, template, qualified)
        moved = len(template) - len(own)
        return evolve(
            item,
            descriptor=evolve(item.descriptor, uri_template=template, meta=meta),
            pattern=item.pattern if not moved else UriTemplate(template),
            invoke=item.invoke if not moved else _under(item.invoke, lambda uri: uri[moved:]),
            required_scopes=self._all(item.required_scopes),
        )

    def _prompt(self, item: Prompt, name: str, qualified: str) -> Prompt:
        meta = stamped(item.descriptor.meta, self._backend, name, qualified)
        descriptor = evolve(item.descriptor, name=name, meta=meta)
        scopes = self._all(item.required_scopes)
        return evolve(item, descriptor=descriptor, required_scopes=scopes)

    def _task_kind(self, item: TaskKind, name: str, qualified: str) -> TaskKind:
        return evolve(item, kind=name, required_scopes=self._all(item.required_scopes))

    def _all(self, scopes: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self._scopes, *scopes)))

    # -- completions ------------------------------------------------------------------------------

    def _complete(self) -> None:
        """Completions go by the names of what they complete."""
        names: Mapping[str, str] = {
            **self.resources.names,
            **self._templates.names,
            **self._prompts.names,
        }
        items = {
            names[each.ref]: partial(_completion, each)
            for each in self._inner.completions
            if each.ref in names
        }
        self._completions.publish(items, self.name)


def _under(invoke: Any, own: Callable[[str], str]) -> Forwarding:
    """A read of what has another URI here than its handler knows."""

    def read(given: dict[str, Any], ctx: Context) -> Awaitable[Any]:
        reading: Awaitable[Any] = invoke({**given, "uri": own(given["uri"])}, ctx)
        return reading

    return Forwarding(read, invoke.where)


def _completion(item: Completion, ref: str, _: str) -> Completion:
    if ref == item.ref:
        return item

    def complete(given: dict[str, Any], ctx: Context) -> Awaitable[Any]:
        request: CompletionRequest = given["request"]
        key = "name" if "name" in request.ref else "uri"
        own = evolve(request, ref={**request.ref, key: item.ref})
        return item.invoke({"request": own}, ctx)

    return Completion(ref, Forwarding(complete, item.invoke.where))


def refuse_cycle(outer: FastZCP, inner: FastZCP) -> None:
    """Raises `RegistrationError` if `outer` is `inner`, or stands below it already."""
    waiting, seen = [inner], set[int]()
    while waiting:
        app = waiting.pop()
        if app is outer:
            raise RegistrationError(
                f"mounting {inner.name!r} in {outer.name!r} makes a circle: {outer.name!r} is, or "
                f"is mounted in, what is to be mounted"
            )
        if id(app) not in seen:
            seen.add(id(app))
            waiting += [mount.app for mount in app.mounts if mount.app is not None]
