"""What to tell a user whose server does not speak what it was asked to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ....errors import (
    METHOD_NOT_FOUND,
    ConnectionLost,
    ExchangeRefused,
    InvalidRequest,
    RemoteError,
    RevisionRefused,
)
from ....jsontext import is_list, is_object
from ...remote import remote_error
from .offers import Offers

BAD_REQUEST = 400


def no_common(offers: Offers, versions: Sequence[Any], words: str = "") -> InvalidRequest:
    """The server speaks these, or does not say what, and nothing that was offered. `words` are
    those it refused with."""
    said = f". The server's words: {words}" if words else ""
    if not offers.pinned:
        named = ", ".join(map(str, versions)) or "none at all"
        return InvalidRequest(
            f"invalid:protocolVersion: the server speaks {named}; this client {offers.told}{said}"
        )
    (asked,) = offers.names
    names = [version for version in versions if isinstance(version, str)]
    speaks = f"speaks {', '.join(names)}" if names else f"does not know {asked}"
    usable = [name for name in names if offers.speaks(name)]
    instead = f"say revision={usable[0]!r}, or " if usable else ""
    return RevisionRefused(
        f"invalid:protocolVersion: the server {speaks}, and this client was told to speak only "
        f"{asked}: {instead}leave revision= out to have the best one found{said}",
        asked,
        names,
    )


def explained(offers: Offers, error: RemoteError | ConnectionLost) -> Exception:
    """What a server answered to the one revision it was asked to speak, as an error that says so;
    the error itself where it is about something else.

    A server of the handshake era may refuse the question of the other in any words.
    """
    (revision,) = offers.revisions
    if isinstance(error, ExchangeRefused):
        refusal = None if error.error is None else remote_error(error.error)
        in_any_words = revision.stateless and error.status == BAD_REQUEST
    else:
        refusal = error if isinstance(error, RemoteError) else None
        in_any_words = revision.stateless and refusal is not None
    if refusal is not None:
        objection = revision.client.objection(refusal)
        in_any_words = in_any_words and (objection is None or objection.reason == "version")
    versions = refusal.data.get("supported") if refusal and is_object(refusal.data) else None
    unknown = refusal is not None and refusal.code == METHOD_NOT_FOUND
    if not (in_any_words or unknown or is_list(versions)):
        return error
    return no_common(offers, versions if is_list(versions) else (), str(error))
