"""What a server says of itself at a handshake."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attrs import field, frozen

from ..model import Capabilities, Implementation, InitializeResult

if TYPE_CHECKING:
    from ..app import FastZCP
    from ..contracts import Operation, Revision
    from ..security import AuthProfile
    from .registry.registry import Registry


@frozen
class Introduction:
    """Facts of the composed server, and the capabilities that follow from them. What the app says
    of itself is live: a gateway learns from its upstream who it is. `name` stands for the app's."""

    app: FastZCP
    name: str | None
    auth_profile: AuthProfile | None
    registry: Registry
    operations: dict[str, Operation]
    issuing: list[Callable[[], AuthProfile]] = field(factory=list["Callable[[], AuthProfile]"])
    """Who issues tokens for this server, as far as it is known by now."""

    def result(self, revision: Revision) -> InitializeResult:
        return InitializeResult(
            protocol_version=revision.name,
            server_info=self.server_info(),
            capabilities=self.capabilities(revision),
            instructions=self.app.instructions,
            auth=self._auth(),
        )

    def server_info(self) -> Implementation:
        return Implementation(
            name=self.name or self.app.name,
            version=self.app.version,
            title=self.app.title,
            description=self.app.description,
            website_url=self.app.website_url,
            icons=self.app.icons,
        )

    def capabilities(self, revision: Revision) -> Capabilities:
        """Everything this server can do; a revision sends what it knows of it.

        The catalogues are live, so lists that are empty now may fill later: they are declared.
        """
        changes: dict[str, Any] = {"listChanged": True}
        return Capabilities(
            logging={},
            completions={} if len(self.registry.completions) else None,
            prompts=changes,
            resources={"subscribe": True, **changes},
            tools=changes,
            tasks=self._tasks(),
            handles={},
            extensions=self._extensions(revision) or None,
        )

    def _extensions(self, revision: Revision) -> dict[str, dict[str, Any]]:
        """The protocol extensions with an operation this revision offers, and their settings."""
        offered = {codec.operation for codec in revision.extend(self.operations.values()).values()}
        found: dict[str, dict[str, Any]] = {}
        for each in self.operations.values():
            if each.extension is not None and each.name in offered:
                found.setdefault(each.extension, {}).update(each.settings)
        return dict(sorted(found.items()))

    def _tasks(self) -> dict[str, Any] | None:
        takes_tasks = any(tool.task_support != "forbidden" for tool in self.registry.tools)
        if not takes_tasks and not len(self.registry.task_kinds):
            return None
        requests: dict[str, Any] = {"tools": {"call": {}}} if takes_tasks else {}
        return {"list": {}, "cancel": {}, "requests": requests}

    def _auth(self) -> dict[str, Any] | None:
        profile = self.auth_profile
        if profile is None and self.issuing:
            profile = self.issuing[0]()
        if profile is None:
            return None
        told = {
            "issuer": profile.issuer,
            "authorizationUrl": profile.authorization_url,
            "tokenUrl": profile.token_url,
            "registrationUrl": profile.registration_url,
            "scopes": profile.scopes or None,
        }
        return {key: value for key, value in told.items() if value is not None}
