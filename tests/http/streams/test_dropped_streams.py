"""Streams that end before they begin: an ASGI server still has to get a whole response."""

from __future__ import annotations

from typing import Any

import pytest
from zcp_transport_http.events.memory import MemoryEventLog
from zcp_transport_http.events.response import EventResponse
from zcp_transport_http.events.stream import SessionStream

pytestmark = pytest.mark.anyio
WHOLE = ["http.response.start", "http.response.body"]


class Sent:
    """What a server was given."""

    def __init__(self) -> None:
        self.messages: list[Any] = []

    async def __call__(self, message: Any) -> None:
        self.messages.append(message)

    @property
    def types(self) -> list[str]:
        return [message["type"] for message in self.messages]


@pytest.mark.parametrize("prime", [False, True])
async def test_a_session_that_ends_while_its_stream_is_opened(prime: bool) -> None:
    sent = Sent()
    response = EventResponse(sent)
    stream = SessionStream(MemoryEventLog(), "session", 1)
    stream.response = response
    stream.ended = True
    response.stop()
    await stream.listen(response, prime=prime)
    assert sent.types == WHOLE
    assert not sent.messages[-1]["more_body"]


@pytest.mark.parametrize("prime", [False, True])
async def test_a_server_that_stops_while_a_stream_is_opened(prime: bool) -> None:
    sent = Sent()
    response = EventResponse(sent)
    stream = SessionStream(MemoryEventLog(), "session", 1)
    stream.response = response
    await stream.leave(prime=prime)
    assert sent.types == []
    await stream.listen(response, prime=prime)
    await response.end()
    assert sent.types == WHOLE
