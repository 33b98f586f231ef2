"""The native dialect: which messages are the native plane's."""

from __future__ import annotations

from collections.abc import Mapping

from zcp_kernel.contracts import Match, Message, Revision
from zcp_kernel.errors import Fault, InvalidParams
from zcp_kernel.jsontext import is_object

from .revision import PROTOCOL_VERSION, make_revision


class NativeDialect:
    """Claims an `initialize` that offers any `zcp/…`, and answers with the one it speaks."""

    name = "native"
    revisions = (PROTOCOL_VERSION,)
    stateless = ()

    def classify(self, message: Message, headers: Mapping[str, str] | None) -> Match | None:
        params = message.get("params")
        if message.get("method") != "initialize" or not is_object(params):
            return None
        version = params.get("protocolVersion")
        if not isinstance(version, str) or not version.startswith("zcp/"):
            return None
        return Match(make_revision(), handshake=True)

    def revision(self, name: str | None = None) -> Revision:
        if name not in (None, PROTOCOL_VERSION):
            fault = Fault("protocolVersion", "enum", f"must be {PROTOCOL_VERSION}")
            raise InvalidParams(f"invalid: unknown native revision {name}", [fault])
        return make_revision()
