"""Agreeing with a server on a revision."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from attrs import define

from ...codec import PLAIN
from ...contracts import Dialect, Method, Revision
from ...errors import ConfigError, InvalidParams, InvalidRequest, RemoteError
from ...jsontext import is_object
from ...model import Capabilities, Implementation, InitializeParams
from .connection import Connection

PREFER = ("native", "mcp")
"""Dialects in the order they are offered, unless told otherwise; others follow in theirs."""


@define(eq=False)
class Link:
    """A connection and what was agreed on it. `result` is the server's answer, as a plain dict."""

    connection: Connection
    revision: Revision
    methods: dict[str, Method]
    result: dict[str, Any]
    announced: bool = False


@define(eq=False)
class Offers:
    """What a client can speak, best first; `pinned` if nothing else will do."""

    dialects: Sequence[Dialect]
    revisions: list[Revision]
    pinned: bool = False

    def agreed(self, version: Any, offered: Revision) -> Revision:
        """The revision a server chose. Raises `InvalidRequest` if it is none of ours."""
        if version == offered.name:
            return offered
        if not self.pinned and isinstance(version, str):
            found = _named(self.dialects, version)
            if found is not None and not found.stateless:
                return found
        known = ", ".join(revision.name for revision in self.revisions)
        raise InvalidRequest(
            f"invalid:protocolVersion: the server answered with {version!r}; this client "
            f"{'was told to speak only' if self.pinned else 'offered'} {known}"
        )


def make_offers(
    dialects: Iterable[Dialect], prefer: Sequence[str] | None, revision: str | None
) -> Offers:
    """Raises `ConfigError` for a revision or a dialect nobody brings."""
    known = {dialect.name: dialect for dialect in dialects}
    if revision is not None:
        pinned = _named(list(known.values()), revision)
        if pinned is None or pinned.stateless:
            raise ConfigError(
                f"no dialect opens sessions in revision {revision!r} "
                f"(dialects: {', '.join(known) or 'none'})"
            )
        return Offers(list(known.values()), [pinned], pinned=True)
    missing = [name for name in prefer or () if name not in known]
    if missing or not known:
        raise ConfigError(
            f"no dialect {', '.join(missing) or 'at all'} is installed "
            f"(dialects: {', '.join(known) or 'none'})"
        )
    names = prefer or [*(n for n in PREFER if n in known), *(n for n in known if n not in PREFER)]
    newest = [known[name].revision() for name in names]
    return Offers(list(known.values()), [each for each in newest if not each.stateless])


def _named(dialects: Iterable[Dialect], version: str) -> Revision | None:
    for dialect in dialects:
        try:
            return dialect.revision(version)
        except InvalidParams:
            continue
    return None


def methods_of(revision: Revision) -> dict[str, Method]:
    """By operation, the method to send: the last where one operation has several."""
    return {method.operation: method for method in revision.requests.values()}


async def shake_hands(
    connection: Connection,
    offers: Offers,
    info: Implementation,
    capabilities: Capabilities,
    *,
    timeout: float | None,
    agreed: Callable[[Revision], None],
) -> Link:
    """Offer one revision after the other until the server takes one, or counter-offers one we know.

    `agreed` is called before the answer is read any further. Raises the server's last refusal.
    """
    refusal: RemoteError | None = None
    for offer in offers.revisions:
        method = methods_of(offer)["initialize"]
        params = InitializeParams(offer.name, info, capabilities)
        try:
            raw = await connection.ask(
                method.method, method.encode_params(params), repeatable=True, timeout=timeout
            )
        except RemoteError as error:
            error.__cause__ = refusal
            refusal = error
            continue
        version = raw.get("protocolVersion") if is_object(raw) else None
        revision = offers.agreed(version, offer)
        agreed(revision)
        methods = methods_of(revision)
        result = PLAIN.encode(methods["initialize"].decode_result(raw))
        return Link(connection, revision, methods, result)
    assert refusal is not None
    raise refusal
