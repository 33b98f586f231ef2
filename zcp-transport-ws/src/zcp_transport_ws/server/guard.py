"""Whom a server lets in that no HTTP application stands before: hosts, origins, credentials, rate.

A page on `evil.example` can make its name resolve to this machine, and browsers open WebSockets to
any origin without asking: so only hosts known to be ours are served, and pages of strange origins
are not. What counts as ours is said by sections `http` (if it is installed) and `websocket`.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from zcp_kernel.errors import ConfigError
from zcp_kernel.security import Credentials, CredentialsRefused, Principal, RequestFacts

from ..config import WebSocketConfig
from .sockets import sockets_of
from .upgrade import Pairs, Refusal, Upgrade, Visitor

if TYPE_CHECKING:
    from zcp_kernel.app import FastZCP
    from zcp_kernel.contracts import Authenticator
    from zcp_kernel.runtime import Kernel

__all__ = ["Guard", "authenticators_in_force"]

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
AUTHORIZATION = "authorization"


class Guard:
    """Checks upgrades, and says who is calling."""

    def __init__(
        self, kernel: Kernel, settings: WebSocketConfig, authenticators: list[Authenticator]
    ) -> None:
        config = kernel.config
        http: Any = config.section("http") if "http" in config.classes else None
        self._settings = settings
        self._limit = sockets_of(kernel).limit
        self._authenticators = authenticators
        self._hosts = {*settings.allowed_hosts, *getattr(http, "allowed_hosts", ())}
        self._origins = {*settings.allowed_origins, *getattr(http, "allowed_origins", ())}
        public: str | None = getattr(http, "public_url", None)
        if public:
            self._hosts.add(urlsplit(public).hostname or "")
        self._patterns = [_split(host.lower()) for host in self._hosts if host not in ("", "*")]

    async def admit(self, upgrade: Upgrade) -> Visitor:
        """Whoever this is. Raises `Refusal`."""
        if upgrade.path.rstrip("/") != self._settings.path:
            raise Refusal(404, f"there is nothing here; the WebSocket is at {self._settings.path}")
        self._check_host(upgrade)
        principal = Principal()
        try:
            principal = await self._principal(upgrade)
        finally:
            # An upgrade counts whether it is let in or not; its refusal for that goes first.
            caller = self._limit.whom(principal, upgrade.peer)
            await self._count(caller)
        return Visitor(principal, partial(self._admit, caller) if self._limit.enabled else None)

    async def _count(self, caller: str) -> None:
        seconds = await self._limit.count(caller)
        if seconds is not None:
            fields = [(b"retry-after", b"%d" % seconds)]
            raise Refusal(429, self._limit.told(seconds), fields)

    async def _admit(self, caller: str, messages: int) -> float | None:
        """Counts messages: None, or the seconds to wait if they are too many."""
        for _ in range(messages):
            seconds = await self._limit.count(caller)
            if seconds is not None:
                return seconds
        return None

    def _check_host(self, upgrade: Upgrade) -> None:
        hosts, origins = upgrade.all("host"), upgrade.all("origin")
        if len(hosts) > 1 or len(origins) > 1:
            raise Refusal(400, "the upgrade names more than one Host or Origin")
        address = upgrade.address.lower()
        for origin in origins:
            if not self._knows_origin(origin.lower(), address):
                raise Refusal(
                    403,
                    f"this server takes no sockets from pages of the origin {origin!r}. If it is "
                    f'meant to, name it: WebSocketConfig(allowed_origins=("{origin}",)), or '
                    f"ZCP_WEBSOCKET__ALLOWED_ORIGINS={origin}",
                )
        for host in hosts:
            if "*" not in self._hosts and not self._knows_name(host.lower(), address):
                raise Refusal(
                    421,
                    f"this server does not serve the host {host!r}. If it is meant to, name it: "
                    f'WebSocketConfig(allowed_hosts=("{_split(host)[0]}",)), or '
                    f"ZCP_WEBSOCKET__ALLOWED_HOSTS={_split(host)[0]}",
                )

    def _knows_origin(self, origin: str, address: str) -> bool:
        if "*" in self._origins or origin in {each.lower() for each in self._origins}:
            return True
        scheme, _, host = origin.partition("://")
        return scheme in ("http", "https") and self._knows_name(host, address)

    def _knows_name(self, host: str, address: str) -> bool:
        name, port = _split(host)
        if name in LOCAL_NAMES or name == address:
            return True
        return any(_fits(name, port, *pattern) for pattern in self._patterns)

    async def _principal(self, upgrade: Upgrade) -> Principal:
        """Anonymous, without scopes, where nobody can sign in. A credential that does not verify is
        refused, never taken for none."""
        if not self._authenticators:
            return Principal()
        error = None
        message = "credentials are needed"
        headers = [*upgrade.headers, *upgrade.credentials(self._settings)]
        facts = RequestFacts("GET", upgrade.path, _named(upgrade.headers))
        for each in self._authenticators:
            for text in _values(headers, _header_of(each)):
                if error is None:
                    error, message = "invalid_token", "the credentials do not verify"
                try:
                    principal = await _verified(each, text, facts)
                except CredentialsRefused as refused:
                    error, message = refused.error, refused.message
                    continue
                if principal is not None:
                    return principal
        raise Refusal(401, message, self._challenges(error, facts))

    def _challenges(self, error: str | None, facts: RequestFacts) -> Pairs:
        fields: list[tuple[bytes, bytes]] = []
        for authenticator in self._authenticators:
            several: Any = getattr(authenticator, "challenges_for", None)
            one = authenticator.challenge
            for each in (one(error),) if several is None else several(error, facts):
                listed = ", ".join(f'{k}="{_quoted(v)}"' for k, v in each.parameters.items())
                text = f"{each.scheme} {listed}".strip()
                more = {"www-authenticate": text, **each.fields}
                fields += [
                    (k.lower().encode("latin-1"), v.encode("latin-1")) for k, v in more.items()
                ]
        return fields


async def _verified(
    authenticator: Authenticator, text: str, facts: RequestFacts
) -> Principal | None:
    scheme, _, value = text.partition(" ")
    for name, credential in ((scheme.lower(), value.strip()), ("", text)):
        if name in authenticator.schemes:
            principal = await authenticator.authenticate(Credentials(name, credential, facts))
            if principal is not None:
                return principal
    return None


def authenticators_in_force(
    app: FastZCP, kernel: Kernel, settings: WebSocketConfig
) -> list[Authenticator]:
    """Those configuration names: by a section of their name, in `[websocket] authenticators`, or,
    for the static bearer, by section `auth`. Raises `ConfigError` for a name nobody brings."""
    offered = {each.name: each for each in app.host.authenticators(kernel.config)}
    http: Any = kernel.config.section("http") if "http" in kernel.config.classes else None
    named = {*settings.authenticators, *getattr(http, "authenticators", ())}
    missing = sorted(named - set(offered))
    if missing:
        raise ConfigError(
            f"[websocket] authenticators: no plugin brings {', '.join(missing)}; there are: "
            f"{', '.join(sorted(offered)) or 'none'}"
        )
    given = kernel.config.sections
    chosen = [
        each
        for name, each in offered.items()
        if name in named or name in given or (name == "bearer" and "auth" in given)
    ]
    profile = app.auth_profile
    for each in chosen:
        default_scopes: Any = getattr(each, "default_scopes", None)
        if profile is not None and default_scopes is not None:
            default_scopes(tuple(profile.scopes))
    return chosen


def _header_of(authenticator: Authenticator) -> bytes:
    return str(getattr(authenticator, "header_name", AUTHORIZATION)).lower().encode("latin-1")


def _named(headers: Pairs) -> dict[str, str]:
    """Each field's first value, by name."""
    return {
        key.decode("latin-1"): value.decode("latin-1").strip() for key, value in [*headers][::-1]
    }


def _values(headers: Pairs, name: bytes) -> list[str]:
    return [value.decode("latin-1").strip() for key, value in headers if key.lower() == name]


def _split(host: str) -> tuple[str, str]:
    """Name and port (empty if none); an IPv6 address without its brackets."""
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name, rest.removeprefix(":")
    name, _, port = host.partition(":")
    return name.removesuffix("."), port


def _fits(name: str, port: str, pattern: str, pattern_port: str) -> bool:
    if pattern_port and pattern_port != port:
        return False
    if pattern.startswith("*."):
        return name.endswith(pattern[1:]) and name != pattern[1:]
    return name == pattern


def _quoted(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"')
