"""How a client on a network gets the credentials its requests carry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from attrs import frozen


@frozen
class OutgoingRequest:
    """A request that is about to be sent: `method` as HTTP has it, `url` without a fragment."""

    method: str
    url: str


@frozen
class Refusal:
    """A response of 401 or 403. `headers` are by lower-case name, fields of one name joined by
    commas; `sent` are the credentials that were refused; `body` is what the server said about it,
    cut off after 64 KiB."""

    request: OutgoingRequest
    status: int
    headers: Mapping[str, str]
    sent: Mapping[str, str]
    body: bytes = b""


class Authorizer(Protocol):
    """Credentials of one client for one server; used by several requests at once.

    Errors it raises reach whoever made the call.
    """

    async def headers(self, request: OutgoingRequest) -> Mapping[str, str]:
        """The header fields that carry the credentials of this request, empty without any. Asked
        before every request, so an answer that is at hand should be given at once."""
        ...

    async def challenged(self, refusal: Refusal) -> bool:
        """The server refused the credentials (RFC 9110, section 11.6.1; RFC 6750, section 3).

        True when others were got, so that the request is sent again with what `headers` gives then;
        False leaves the refusal to the caller. Called for one request at a time, and not for one
        whose credentials have been replaced meanwhile.
        """
        ...


class AnswerReader(Protocol):
    """What an `Authorizer` may be besides: told of the answers that refused nothing."""

    def answered(self, request: OutgoingRequest, headers: Mapping[str, str]) -> None:
        """The header fields of an answer, names in lower case: they may bring what the credentials
        of the next request need (RFC 9449, section 8.2)."""
        ...
