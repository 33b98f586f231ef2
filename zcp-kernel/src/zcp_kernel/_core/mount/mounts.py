"""The mounts of an app: made when it is told to, running while it is served."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, Union, cast

from ...errors import RegistrationError
from ..client.backends import slug
from .fallback import resource_of, task_kind_of
from .local import LocalSections, refuse_cycle
from .remote import Per, RemoteSections
from .running import Running
from .source import Factory, Given, Source

if TYPE_CHECKING:
    from ...app import FastZCP
    from ...client import ZCPClientSession
    from ...client_group import ZCPSessionGroup
    from ...inprocess import ServerHandle
    from ..kernel import Kernel

MountTarget: TypeAlias = Union[
    "FastZCP",
    "ZCPClientSession",
    "ZCPSessionGroup",
    "Callable[[], ZCPClientSession]",
    "ServerHandle",
    str,
    Path,
    Sequence[str],
    Mapping[str, Any],
]
"""What can be mounted: an app of this process, a session, a group of sessions, a function that
makes a session, or a target of `zcp.connect`."""

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")


class Mount:
    """One server, or a group of them, under another's roof. Made by `FastZCP.mount`."""

    def __init__(
        self,
        app: FastZCP | None = None,
        local: LocalSections | None = None,
        remotes: Sequence[RemoteSections] = (),
    ) -> None:
        self.app = app
        """The app, if it is one of this process."""
        self.remotes = list(remotes)
        self._local = local

    @property
    def names(self) -> list[str]:
        """What its backends are called; one that never answered has no name yet."""
        if self._local is not None:
            return [self._local.name]
        return [each.name for each in self.remotes if each.name is not None]

    @property
    def failures(self) -> dict[str, Exception]:
        """By backend, why its lists could not be read last; empty while all is well."""
        return {
            each.label: link.failure
            for each in self.remotes
            for link in each.links.values()
            if link.failure is not None
        }

    def on_introduced(self, told: Callable[[Mapping[str, Any], str | None], None]) -> None:
        """Call `told(server_info, instructions)` whenever a backend has said who it is."""
        for each in self.remotes:
            each.introduced.append(lambda listing: told(listing.server, listing.instructions))

    def uri_here(self, uri: str) -> str:
        """What a resource of the mounted app is called in the app it is mounted in."""
        return uri if self._local is None else self._local.resources.names.get(uri, uri)


class Mounts:
    """The mounts of `app`, in their order."""

    def __init__(self, app: FastZCP) -> None:
        self.outer: list[tuple[FastZCP, Mount]] = []
        """Where the app is mounted itself."""
        self.running: list[Running] = []
        self._app = app
        self._id = secrets.token_hex(4)
        self._all: list[Mount] = []
        self._names: set[str] = set()

    def __iter__(self) -> Iterator[Mount]:
        return iter(list(self._all))

    def __len__(self) -> int:
        return len(self._all)

    @property
    def remotes(self) -> list[RemoteSections]:
        """Every remote server below the app, those below apps mounted in it included."""
        found: list[RemoteSections] = []
        for mount in self._all:
            found += mount.remotes if mount.app is None else mount.app.mounts.remotes
        return found

    def lifespan(self, kernel: Kernel) -> AbstractAsyncContextManager[None]:
        """The time a kernel of the app runs, its own lifespan included: what is mounted is
        connected as long."""
        return Running(kernel).lifespan(self._app)

    # -- mounting ---------------------------------------------------------------------------------

    def add(
        self,
        target: MountTarget,
        prefix: str | None = None,
        *,
        name: str | None = None,
        per: Per = "server",
        required_scopes: Iterable[str] = (),
        timeout: float | None = None,
        **options: Any,
    ) -> Mount:
        """See `FastZCP.mount`."""
        from ...app import FastZCP

        self._check(target, prefix, name, per)
        scopes = tuple(required_scopes)
        if isinstance(target, FastZCP):
            if per != "server" or timeout is not None or options:
                raise RegistrationError("per, timeout and options are for servers elsewhere")
            mount = self._local(target, prefix, name, scopes)
        else:
            given = {"prefix": prefix, "per": per, "scopes": scopes, "timeout": timeout}
            mount = Mount(remotes=self._remotes(target, name or prefix, given, options))
        self._all.append(mount)
        for running in list(self.running):
            running.kernel.soon(partial(running.join, mount))
        return mount

    def _local(
        self, inner: FastZCP, prefix: str | None, name: str | None, scopes: tuple[str, ...]
    ) -> Mount:
        refuse_cycle(self._app, inner)
        name = self._taken(name or prefix) or self._free(slug(inner.name))
        sections = LocalSections(self._app, inner, name, prefix, scopes)
        mount = Mount(inner, sections)
        inner.mounts.outer.append((self._app, mount))
        self._resolve()
        return mount

    def _remotes(
        self,
        target: Any,
        name: str | None,
        given: Mapping[str, Any],
        options: Mapping[str, Any],
    ) -> list[RemoteSections]:
        from ...client_group import ZCPSessionGroup

        if isinstance(target, ZCPSessionGroup):
            sources = [(own, _source(session, options)) for own, session in target.members]
        else:
            sources = [(name, _source(target, options))]
        self._resolve()
        return [
            RemoteSections(
                self._app,
                source,
                name=self._taken(own),
                free=self._free,
                app_id=self._id,
                **given,
            )
            for own, source in sources
        ]

    @staticmethod
    def _check(target: Any, prefix: str | None, name: str | None, per: Per) -> None:
        from ...client import ZCPClientSession
        from ...client_group import ZCPSessionGroup

        for word in (prefix, name):
            if word is not None and not _NAME.fullmatch(word):
                raise RegistrationError(
                    f"{word!r} cannot stand before names: use letters, digits, '_', '-' and '.', "
                    f"beginning with a letter"
                )
        if per not in ("server", "principal", "session"):
            raise RegistrationError(f"per={per!r} is not one of server, principal, session")
        if per != "server" and isinstance(target, (ZCPClientSession, ZCPSessionGroup)):
            raise RegistrationError(
                f"per={per!r} needs a session for each client: mount what makes one, such as "
                f"`lambda: stdio_client(command)`, or a target of zcp.connect"
            )
        if isinstance(target, ZCPSessionGroup) and (prefix or name):
            raise RegistrationError("a group has the names of its backends: leave out the prefix")

    # -- names ------------------------------------------------------------------------------------

    def _taken(self, name: str | None) -> str | None:
        """`name`, which nobody else may have."""
        if name is not None:
            if name in self._names:
                raise RegistrationError(
                    f"two mounts of {self._app.name!r} are called {name!r}; give one another "
                    f"prefix or name"
                )
            self._names.add(name)
        return name

    def _free(self, wanted: str) -> str:
        wanted = wanted if wanted[0].isalpha() else f"server-{wanted}"
        name, number = wanted, 1
        while name in self._names:
            number += 1
            name = f"{wanted}-{number}"
        self._names.add(name)
        return name

    # -- what nobody lists ------------------------------------------------------------------------

    def _resolve(self) -> None:
        """Have mounted servers asked for what is not listed."""
        if not self._all:
            self._app.resources.add_resolver(lambda uri: resource_of(self.remotes, uri))
            self._app.task_kinds.add_resolver(lambda kind: task_kind_of(self.remotes, kind))


def _source(target: Any, options: Mapping[str, Any]) -> Source:
    from ...client import ZCPClientSession

    if isinstance(target, ZCPClientSession):
        if options:
            raise RegistrationError(f"{', '.join(options)}: the session was made already")
        return Given(target)
    if callable(target):
        make = cast("Callable[..., ZCPClientSession]", target)
        return Factory(partial(make, **options))
    from ...connecting import connect

    return Factory(partial(connect, target, **options))
