"""One request and its answer."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

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

    `run` answers it; whoever runs it may set `on_cancel` to learn that the peer wants it stopped.
    `error` is there once it was answered with one. A `lasting` one goes on for as long as its peer
    is there to hear: it sets that itself, and is not waited for when the peer stops sending.
    """

    __slots__ = (
        "_headers",
        "_params",
        "_related",
        "_route",
        "cancelled",
        "error",
        "id",
        "lasting",
        "on_cancel",
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
        self.on_cancel: Callable[[], None] | None = None

    def cancel(self) -> None:
        """The peer no longer wants the answer: stop the handler and send nothing."""
        self.cancelled = True
        if self.on_cancel is not None:
            self.on_cancel()

    async def run(self) -> bytes | None:
        """The answering frame; None if the peer cancelled."""
        session, route = self.session, self._route
        try:
            if self.cancelled:
                return None
            params = route.decode(self._params)
            context = Context(
                session.kernel,
                session,
                route.operation,
                self.id,
                params.meta,
                self._related,
                headers=self._headers,
            )
            frame = self._encoded(await route.handler(params, context))
        except ZCPError as error:
            frame = self._failed(error)
        except Exception as error:
            frame = self._failed(report(error, route.operation))
        finally:
            session.inflight.pop(self.id, None)
        if session.has_posts:
            await session.flush()
        return None if self.cancelled else frame

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
    """Several requests in one frame; their answers come back in one."""

    __slots__ = ("_parts", "on_cancel")

    def __init__(self, parts: Sequence[Exchange | Reply]) -> None:
        self._parts = parts
        self.on_cancel: Callable[[], None] | None = None

    async def run(self) -> bytes | None:
        frames: list[bytes | None] = [None] * len(self._parts)

        async def one(index: int, part: Exchange | Reply) -> None:
            with anyio.CancelScope() as scope:
                if isinstance(part, Exchange):
                    part.on_cancel = scope.cancel
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
