"""A server elsewhere under this app's roof: its lists as items whose handlers are far away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from attrs import evolve

from ...jsontext import is_list
from ...model import (
    PromptDescriptor,
    ResourceDescriptor,
    ResourceTemplate,
    ToolDefinition,
    ToolExecution,
)
from ...validation import CanonicalValidator
from ..client.backends import slug
from ..registry.items import Completion, Prompt, Resource, TaskKind, Template, Tool
from ..relaying.calls import ToolCalls, complete, get_prompt, read, run_kind
from ..relaying.failures import UpstreamError
from .forwarding import Forwarding
from .listing import VIA_META, Listing
from .patterns import pattern_of
from .pool import Pool
from .section import Section, stamped
from .source import Source
from .upstream import Upstream

if TYPE_CHECKING:
    from ...app import FastZCP
    from ...context import Context
    from ..kernel import Kernel
    from ..session import ZCPServerSession

Per = Literal["server", "principal", "session"]
"""Who shares one session with an upstream: all clients, those of one principal, or nobody."""

_NONE: frozenset[str] = frozenset()

ANYTHING = CanonicalValidator({"type": "object"})
"""Arguments are the upstream's to check: its schema is not ours, and it knows best."""


class RemoteSections:
    """The objects of a remote server, listed in `app`.

    `source` gives sessions with it. `name` is None until the server has said its own; `free` makes
    that unique. `timeout`, in seconds, is each call's.
    """

    def __init__(
        self,
        app: FastZCP,
        source: Source,
        *,
        name: str | None,
        prefix: str | None,
        free: Callable[[str], str],
        app_id: str,
        scopes: tuple[str, ...] = (),
        per: Per = "server",
        timeout: float | None = None,
    ) -> None:
        self.name = name
        self.app_id = app_id
        self.scopes = scopes
        self.timeout = timeout
        self.origin: dict[str, Any] = {}
        self.renamed: dict[str, str] = {}
        self.links: dict[Kernel, Upstream] = {}
        self.introduced: list[Callable[[Listing], None]] = []
        """Told when its lists were read, before they are listed here."""
        self._source = source
        self._per = per
        self._free = free
        self._listing: Listing | None = None
        self._transport = ""
        self._tools = Section(app.tools, prefix)
        self._resources = Section(app.resources)
        self._templates = Section(app.templates)
        self._prompts = Section(app.prompts, prefix)
        self._completions = Section(app.completions)

    @property
    def label(self) -> str:
        """What messages call it."""
        return self.name or "a mounted server"

    # -- its connections --------------------------------------------------------------------------

    def link(self, kernel: Kernel) -> Upstream:
        """Let a kernel that starts use it."""
        shared = self._source.line(lambda: self.label)
        self._transport = shared.session.transport
        pool = None
        if self._per != "server":
            pool = Pool(self._source.make, self._whom, lambda: self.label)
        upstream = self.links[kernel] = Upstream(self, kernel, shared, pool)
        return upstream

    async def unlink(self, kernel: Kernel) -> None:
        """A kernel has stopped; the last one out closes what is ours."""
        upstream = self.links.pop(kernel, None)
        if upstream is not None:
            await upstream.aclose(shared=self._source.leave())

    @property
    def reads(self) -> bool:
        """Whether it has resources, listed or not."""
        return self._listing is not None and self._listing.reads

    @property
    def logs(self) -> bool:
        """Whether it can be told how much to log."""
        return self._listing is not None and self._listing.logs

    @property
    def has_kinds(self) -> bool:
        """Whether it may have kinds of tasks."""
        return self._listing is not None and self._listing.has_kinds

    def _whom(self, session: ZCPServerSession) -> str:
        return session.owner if self._per == "session" else (session.principal.subject or "")

    def upstream(self, ctx: Context) -> Upstream:
        """Raises `UpstreamError` in a kernel that was not started."""
        found = self.links.get(ctx.kernel)
        if found is None:
            raise UpstreamError(self.label, "this server is not running", retryable=True)
        return found

    def uri_here(self, uri: str) -> str:
        return self._resources.names.get(uri, uri)

    # -- its lists --------------------------------------------------------------------------------

    def publish(self, listing: Listing) -> None:
        """List what it has now, instead of what it had."""
        if listing == self._listing:
            return
        self._listing = listing
        if self.name is None:
            self.name = self._free(slug(str(listing.server.get("name", ""))))
        server = {key: listing.server[key] for key in ("name", "version") if key in listing.server}
        self.origin = {"name": self.name, "transport": self._transport, "server": server}
        for told in self.introduced:
            told(listing)
        name = self.name
        self._resources.publish(
            {each.uri: partial(self._resource, each) for each in listing.resources}, name
        )
        self.renamed = {own: here for own, here in self._resources.names.items() if own != here}
        self._templates.publish(
            {each.uri_template: partial(self._template, each) for each in listing.templates}, name
        )
        self._prompts.publish({each.name: partial(self._prompt, each) for each in listing.prompts},
                              name)  # fmt: skip
        self._tools.publish({each.name: partial(self._tool, each) for each in listing.tools}, name)
        self._completions.publish(self._completed() if listing.completes else {}, name)

    def _stamped(self, item: Any, name: str, qualified: str) -> dict[str, Any]:
        meta = stamped(item.meta, self.origin, name, qualified)
        meta[VIA_META] = [*meta.get(VIA_META, ()), self.app_id]
        return meta

    def _tool(self, definition: ToolDefinition, name: str, qualified: str) -> Tool:
        marks = definition.meta or {}
        execution = definition.execution
        decides = self._listing is not None and self._listing.decides
        if execution is None and decides:
            execution = ToolExecution("optional")
        return Tool(
            definition=evolve(
                definition,
                name=name,
                execution=execution,
                meta=self._stamped(definition, name, qualified),
            ),
            on_request=decides,
            invoke=Forwarding(ToolCalls(self, definition), self.label),
            check=ANYTHING,
            required_scopes=self.scopes,
            groups=_labels(marks.get("groups")),
            stages=_labels(marks.get("stages")),
        )

    def _resource(self, item: ResourceDescriptor, uri: str, qualified: str) -> Resource:
        return Resource(
            descriptor=evolve(item, uri=uri, meta=self._stamped(item, uri, qualified)),
            invoke=Forwarding(partial(read, self, item.uri), self.label),
            required_scopes=self.scopes,
            watch=partial(self._watch, 0),
        )

    def _template(self, item: ResourceTemplate, template: str, qualified: str) -> Template:
        moved = len(template) - len(item.uri_template)
        return Template(
            descriptor=evolve(
                item, uri_template=template, meta=self._stamped(item, template, qualified)
            ),
            pattern=pattern_of(template),
            invoke=Forwarding(partial(self._read_by_template, moved), self.label),
            required_scopes=self.scopes,
            watch=partial(self._watch, moved),
        )

    def _prompt(self, item: PromptDescriptor, name: str, qualified: str) -> Prompt:
        return Prompt(
            descriptor=evolve(item, name=name, meta=self._stamped(item, name, qualified)),
            invoke=Forwarding(partial(get_prompt, self, item.name), self.label),
            required_scopes=self.scopes,
        )

    def _completed(self) -> dict[str, Callable[[str, str], Completion]]:
        """Its completions, which go by what things are called here."""
        refs: dict[str, Mapping[str, str]] = {
            here: {"name": own} for own, here in self._prompts.names.items()
        }
        for names in (self._resources.names, self._templates.names):
            refs.update({here: {"uri": own} for own, here in names.items()})
        return {here: partial(self._completion, ref) for here, ref in refs.items()}

    def _completion(self, ref: Mapping[str, str], here: str, _: str) -> Completion:
        return Completion(here, Forwarding(partial(complete, self, ref), self.label))

    # -- what it does not list --------------------------------------------------------------------

    def unlisted(self, uri: str) -> Resource:
        """A resource it may know of without listing it."""
        return Resource(
            descriptor=ResourceDescriptor(uri=uri, name=uri),
            invoke=Forwarding(partial(read, self, uri), self.label),
            required_scopes=self.scopes,
            watch=partial(self._watch, 0),
        )

    def task_kind(self, kind: str, here: str) -> TaskKind:
        """A kind of task it may have: kinds are listed nowhere."""
        return TaskKind(
            kind=here,
            invoke=Forwarding(partial(run_kind, self, kind), self.label),
            required_scopes=self.scopes,
        )

    async def _read_by_template(self, moved: int, given: dict[str, Any], ctx: Context) -> Any:
        return await read(self, given["uri"][moved:], given, ctx)

    async def _watch(self, moved: int, uri: str, ctx: Context) -> None:
        own = next((own for own, here in self.renamed.items() if here == uri), uri[moved:])
        await self.upstream(ctx).watch(own, uri)


def _labels(marks: Any) -> frozenset[str]:
    """Tags of an exposure profile; what is none is nothing to fail for."""
    return frozenset(mark for mark in marks if isinstance(mark, str)) if is_list(marks) else _NONE
