"""A request on a channel where each has an exchange of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ....contracts import ExchangeChannel
from ....errors import ConnectionLost
from .calls import Call


async def exchanged(
    channel: ExchangeChannel,
    call: Call,
    frame: bytes,
    headers: Mapping[str, str],
    deliver: Callable[[bytes], None],
) -> None:
    """Carry one request to its answer, in the task of whoever waits for it.

    Raises `ConnectionLost`, `retryable` if the call may be repeated whatever became of it, and what
    else the exchange raises. An answer that came stands, however the exchange ended after it.
    """
    call.sent = True
    try:
        await channel.exchange(frame, headers, deliver)
    except ConnectionLost as error:
        if not call.answered.is_set():
            error.retryable = error.retryable or call.repeatable
            raise
    except OSError as error:
        if not call.answered.is_set():
            message = f"{call.method}: {error or type(error).__name__}"
            raise ConnectionLost(message, retryable=call.repeatable) from error
    if not call.answered.is_set():
        raise ConnectionLost(
            f"{call.method}: the response ended without the answer", retryable=call.repeatable
        )
