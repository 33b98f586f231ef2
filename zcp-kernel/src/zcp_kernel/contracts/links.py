"""How frames come and go."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol


class Channel(Protocol):
    """A duplex pipe of frames: one JSON text each, without its delimiter."""

    async def receive(self) -> bytes:
        """The next frame. Raises `anyio.EndOfStream` when the peer is done, `ParseError` for a
        frame that had to be dropped (too long); the channel stays usable after that."""
        ...

    async def send(self, frame: bytes) -> None:
        """Send one frame; waits while the peer is slow. Raises `anyio.BrokenResourceError` when
        the peer is gone. Safe to call from several tasks."""
        ...

    async def aclose(self) -> None:
        """Idempotent."""
        ...


class PromptChannel(Channel, Protocol):
    """A channel that can say at once whether a frame has to wait: most do not, and a client then
    needs nothing that could end the wait."""

    def send_now(self, frame: bytes) -> bool:
        """Send one frame if that takes no waiting; False if nothing was sent, for `send` to wait or
        to say why. Raises `anyio.BrokenResourceError` when the peer is gone."""
        ...


class ExchangeChannel(Channel, Protocol):
    """A channel on which every request has an exchange of its own, as over HTTP: what becomes of
    the exchange becomes of that one request, and the channel lives on.

    Requests go through `exchange` alone; `send` takes notifications and responses, `receive` gives
    what the peer says outside any exchange. `receive` raises `anyio.EndOfStream` only once the
    channel was closed: a peer that cannot be reached now may be reached later.
    """

    async def exchange(
        self, frame: bytes, headers: Mapping[str, str], deliver: Callable[[bytes], None]
    ) -> None:
        """Send one request and `deliver` every frame its response brings, the answer last; returns
        once the answer was delivered.

        `headers` are what the dialect wants mirrored outside the body of this request, names in
        lower case; fields of `agree` go with it too, and these stand over those. Cancelling the
        caller closes the exchange, which is how the peer of a stateless revision learns of it.
        An error the peer answers under the request's id is delivered, whatever its status.

        Raises `ConnectionLost` when the exchange ends without the answer (`retryable`: whether
        sending again can do no harm, so False once the request may have arrived), `SessionLost`
        when the peer does not know the session any more, `ExchangeRefused` for a status without
        such an answer, `RateLimited` when it wants fewer requests.
        """
        ...

    def agree(self, headers: Mapping[str, str], *, session: bool) -> None:
        """A revision was agreed: `headers` go with everything sent from now on. With `session` the
        peer may speak by itself, so that the channel listens for it; without, there is neither a
        session nor anything to listen to."""
        ...


class Attachable(Protocol):
    """A channel that belongs to a session the server has a name for.

    One that has a `session_id` as soon as it is open is attached to a session opened elsewhere: the
    client does no handshake on it.
    """

    @property
    def session_id(self) -> str | None: ...


class Transport(Protocol):
    """How channels come about, client side: `connect(target)` for the URL schemes it names."""

    @property
    def name(self) -> str: ...

    @property
    def schemes(self) -> tuple[str, ...]: ...

    def prefer(self, target: Any) -> Sequence[str] | None:
        """The dialects to offer there, best first, where the target says so itself (as the path of
        a URL may); None leaves it to the client."""
        ...

    def connect(self, *target: Any, **options: Any) -> AbstractAsyncContextManager[Channel]:
        """`connect(target, …)` opens a channel to a target, a URL as a rule, with the options the
        transport has; leaving the context closes it and frees what it took."""
        ...
