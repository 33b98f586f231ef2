"""One request and its answer."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

import anyio
from attrs import define, field, frozen

from ..context import Context
from ..errors import InternalError, ZCPError
from ..jsontext import Fragment, dumps

if TYPE_CHECKING:
    from ..contracts import Channel, Handler, Revision
    from .session import ZCPServerSession

logger = logging.getLogger("zcp")


@frozen
class Route:
    """How one wire method is answered in one revision."""

    operation: str
    handler: Handler
    decode: Callable[[Any], Any]
    encode: Callable[[Any], Any]


@define(slots=True, eq=False)
class Memo:
    """A result that is the same for many requests, with its encodings by revision."""

    result: Any
    encoded: dict[Revision, Fragment] = field(factory=dict["Revision", Fragment])

    def encode(self, revision: Revision, encode: Callable[[Any], Any]) -> Fragment:
        fragment = self.encoded.get(revision)
        if fragment is None:
            fragment = self.encoded[revision] = Fragment(dumps(encode(self.result)))
        return fragment


def result_frame(request_id: str | int, result: Any) -> bytes:
    return dumps({"jsonrpc": "2.0", "id": request_id, "result": result})


def error_frame(
    request_id: str | int | None, error: dict[str, Any], *, omit_unknown_id: bool = False
) -> bytes:
    message: dict[str, Any] = {"jsonrpc": "2.0", "id": request_id, "error": error}
    if request_id is None and omit_unknown_id:
        del message["id"]
    try:
        return dumps(message)
    except ValueError:
        # A lone surrogate in the id: only an ASCII escape can say it.
        return json.dumps(message).encode()


class Reply:
    """An answer that is ready; `error` is there when it is a refusal, `revision` if one applies."""

    __slots__ = ("error", "frame", "revision")

    def __init__(
        self, frame: bytes, error: ZCPError | None = None, revision: Revision | None = None
    ) -> None:
        self.frame = frame
        self.error = error
        self.revision = revision

    async def run(self) -> bytes:
        return self.frame


class Exchange:
    """A request on its way to its answer.

    `run` answers it, in a scope of its own, so that it can be cancelled from outside and suspended
    from inside. `error` is there once it was answered with one. A `lasting` one goes on for as long
    as its peer is there to hear: it sets that itself, and is not waited for when the peer stops
    sending.
    """

    __slots__ = (
        "_ended",
        "_headers",
        "_instead",
        "_params",
        "_related",
        "_route",
        "_scope",
        "cancelled",
        "error",
        "id",
        "lasting",
        "session",
    )

    def __init__(
        self,
        session: ZCPServerSession,
        request_id: str | int,
        route: Route,
        params: Any,
        related: Channel | None,
        headers: Mapping[str, str] | None,
    ) -> None:
        self.session = session
        self.id = request_id
        self._route = route
        self._params = params
        self._related = related
        self._headers = headers
        self.error: ZCPError | None = None
        self.cancelled = False
        self.lasting = False
        self._scope: anyio.CancelScope | None = None
        self._instead: Callable[[], Awaitable[Any]] | None = None
        self._ended: ZCPError | None = None

    @property
    def ids(self) -> tuple[str | int, ...]:
        """What it answers."""
        return (self.id,)

    def cancel(self) -> None:
        """The peer no longer wants the answer: stop the handler and send nothing."""
        self.cancelled = True
        if self._scope is not None:
            self._scope.cancel()

    def end(self, error: ZCPError) -> None:
        """Stop the handler, whatever it is about to say: the answer is this error."""
        self._ended = error
        if self._scope is not None:
            self._scope.cancel()

    async def suspend(self, instead: Callable[[], Awaitable[Any]]) -> NoReturn:
        """End the handler here; the result is that of `instead`."""
        assert self._scope is not None
        self._instead = instead
        self._scope.cancel()
        await anyio.sleep_forever()
        raise AssertionError  # pragma: no cover - a cancelled scope does not let the sleep return

    async def run(self) -> bytes | None:
        """The answering frame; None if the peer cancelled."""
        session = self.session
        frame: bytes | None = None
        try:
            if not self.cancelled:
                with session.kernel.new_scope() as self._scope:
                    frame = await self._answer(self._handled)
                if self._ended is not None:
                    frame = self._failed(self._ended)
                elif frame is None and self._instead is not None and not self.cancelled:
                    frame = await self._answer(self._instead)
        finally:
            session.inflight.pop(self.id, None)
            # A frame under way needs no scope, and what is over shall be freed without a search.
            self._scope = self._instead = None
        if session.has_posts:
            await session.flush()
        return None if self.cancelled else frame

    async def _answer(self, work: Callable[[], Awaitable[Any]]) -> bytes:
        try:
            return self._encoded(await work())
        except ZCPError as error:
            return self._failed(error)
        except Exception as error:
            return self._failed(report(error, self._route.operation))

    async def _handled(self) -> Any:
        session, route = self.session, self._route
        params = route.decode(self._params)
        context = Context(
            session.kernel,
            session,
            route.operation,
            self.id,
            params.meta,
            self._related,
            headers=self._headers,
            exchange=self,
        )
        context.extras = params.extras
        result = await route.handler(params, context)
        if self._instead is not None:
            raise InternalError(
                "the handler swallowed the end of its own run; let BaseException pass"
            )
        return result

    def _encoded(self, result: Any) -> bytes:
        encode = self._route.encode
        if type(result) is Memo:
            revision = self.session.revision
            assert revision is not None
            return result_frame(self.id, result.encode(revision, encode))
        return result_frame(self.id, encode(result))

    def _failed(self, error: ZCPError) -> bytes:
        revision, operation = self.session.revision, self._route.operation
        assert revision is not None
        self.error = error
        instead = revision.rescue(operation, error)
        if instead is not None:
            self.error = None
            return result_frame(self.id, self._route.encode(instead))
        return error_frame(self.id, revision.error(operation, error))


class Batch:
    """Several requests in one frame; their answers come back in one, which is no error whatever
    they are."""

    __slots__ = ("_parts",)
    error: ZCPError | None = None

    def __init__(self, parts: Sequence[Exchange | Reply]) -> None:
        self._parts = parts

    @property
    def ids(self) -> tuple[str | int, ...]:
        """The requests it answers."""
        return tuple(part.id for part in self._parts if isinstance(part, Exchange))

    def cancel(self) -> None:
        """Cancel every part."""
        for part in self._parts:
            if isinstance(part, Exchange):
                part.cancel()

    async def run(self) -> bytes | None:
        frames: list[bytes | None] = [None] * len(self._parts)

        async def one(index: int, part: Exchange | Reply) -> None:
            frames[index] = await part.run()

        async with anyio.create_task_group() as group:
            for index, part in enumerate(self._parts):
                group.start_soon(one, index, part)
        answers = [frame for frame in frames if frame is not None]
        return b"[" + b",".join(answers) + b"]" if answers else None


def report(error: BaseException, where: str) -> InternalError:
    """Log what broke under an id and make the error the peer may see."""
    incident = secrets.token_hex(6)
    logger.error("%s failed, incident %s", where, incident, exc_info=error)
    return InternalError("internal error; the server's log has the cause", {"id": incident})
