"""The smallest dialect there can be: an example for dialect authors, and what kernel tests speak.

Methods are called what operations are called, shapes are what the model says, and an `initialize`
for "echo/1" opens a session.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..codec import WIRE_HOOKS, ModelCodec
from ..contracts import Match, Message, Operation, Revision
from ..errors import Fault, InvalidParams
from ..jsontext import is_object
from ..methods import NOTICES, PEER_REQUESTS, REQUESTS, CodecRevision

VERSION = "echo/1"


class EchoRevision(CodecRevision):
    def method_of(self, operation: Operation) -> str | None:
        return operation.name


class EchoDialect:
    """Recognises only its own handshake: later messages belong to the session it opened."""

    name = "echo"
    stateless = ()

    def __init__(self) -> None:
        self._revision = EchoRevision(
            name=VERSION,
            dialect=self.name,
            codec=ModelCodec(hooks=WIRE_HOOKS),
            request_entries={entry.operation: entry for entry in REQUESTS},
            peer_entries={entry.operation: entry for entry in PEER_REQUESTS},
            notice_classes=NOTICES,
        )

    def classify(self, message: Message, headers: Mapping[str, str] | None) -> Match | None:
        params = message.get("params")
        if message.get("method") != "initialize" or not is_object(params):
            return None
        if params.get("protocolVersion") != VERSION:
            return None
        return Match(self._revision, handshake=True)

    def revision(self, name: str | None = None) -> Revision:
        if name not in (None, VERSION):
            fault = Fault("protocolVersion", "enum", f"must be {VERSION}")
            raise InvalidParams(f"invalid: unknown revision {name}", [fault])
        return self._revision
