"""A session with an upstream, and the calls that go over it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, Self, cast

import anyio
from attrs import evolve

from ...codec import PLAIN
from ...errors import (
    Expired,
    InputRequired,
    InvalidParams,
    MethodNotFound,
    MissingCapability,
    RateLimited,
    RemoteError,
    RequestCancelled,
    ZCPError,
)
from ...jsontext import is_object
from ...model import LOG_LEVELS, ElicitationComplete, Empty, LogLevel, LogMessage, Progress
from ..asking import CALL_META, Question
from ..peer_shapes import elicitation_request, sampling_request
from .callers import Caller, Callers
from .failures import upstream_error

if TYPE_CHECKING:
    from ...client import ZCPClientSession
    from ...context import Context

log = logging.getLogger("zcp.mount")

_PASSED = (RemoteError, MethodNotFound, MissingCapability, InvalidParams, RateLimited, Expired)
"""What says nothing of the link: it reaches the caller as it is."""

_OF_ONE_HOP = ("io.modelcontextprotocol/", "zcp/", "progressToken")
"""How members of `_meta` begin that are about one link, not about the call."""

HOOKS: Mapping[str, str] = {
    "sampling/createMessage": "sampling_handler",
    "elicitation/request": "elicitation_handler",
    "roots/list": "roots_provider",
}


class Hearer(Protocol):
    """Who is told what an upstream says unasked."""

    def heard(self, method: str, params: Mapping[str, Any]) -> None: ...


class Line:
    """`name()` is what the upstream is called. Hooks the session lacks pass what the upstream asks
    on to the caller it asks for: all of them, or those `asks` names. `home` is the one client the
    line is for, if it is for one."""

    def __init__(
        self,
        session: ZCPClientSession,
        name: Callable[[], str],
        asks: tuple[str, ...] = tuple(HOOKS),
        home: Context | None = None,
    ) -> None:
        self.session = session
        self.callers = Callers(home)
        self.hearers: list[Hearer] = []
        self.tasks: dict[str, Callable[[Mapping[str, Any]], None]] = {}
        self._log_level: str | None = None
        self.name = name
        self._pages: dict[str, Context] = {}
        hooks: dict[str, Any] = {
            "sampling_handler": self._sample,
            "elicitation_handler": self._elicit,
            "roots_provider": self._roots,
        }
        lent = {HOOKS[operation]: hooks[HOOKS[operation]] for operation in asks}
        session.lend_hooks(notification_handler=self._notice, **lent)

    async def __aenter__(self) -> Self:
        """A line that is shared is there for whoever needs it, as long as it is needed."""
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    # -- calls ------------------------------------------------------------------------------------

    async def ask(
        self,
        operation: str,
        params: Any,
        ctx: Context,
        *,
        repeatable: bool = True,
        logs: bool = False,
        **manner: Any,
    ) -> Any:
        """Send what `ctx` asked for; `logs` says that the upstream can be told how much to log,
        `manner` is further options of the session's `ask`. Raises what the upstream answers, and
        `UpstreamError`."""
        caller = self.callers.enter(ctx)
        params.meta = _onward(ctx.meta, caller)
        finished = False
        try:
            wanted = ctx.session.state.log_level
            if logs and wanted is not None:
                await self._log_enough_for(wanted)
            answer = await self.session.ask(
                operation, params, repeatable=repeatable, progress=_progress(ctx), **manner
            )
            finished = True
            return answer
        except _PASSED:
            finished = True
            raise
        except InputRequired as error:
            finished = True
            raise error.__cause__ or error from None
        except Exception as error:
            raise upstream_error(self.name(), error, repeatable=repeatable) from error
        finally:
            self.callers.leave(caller, given_up=not finished)

    async def _log_enough_for(self, wanted: str) -> None:
        """Have the upstream log as much as the most curious of the callers wants to hear."""
        if self._log_level is not None and LOG_LEVELS[self._log_level] <= LOG_LEVELS[wanted]:
            return
        try:
            await self.session.set_logging_level(cast("LogLevel", wanted))
        except (RemoteError, MethodNotFound) as error:
            log.debug("%s does not take the log level %s: %s", self.name(), wanted, error)
        self._log_level = wanted

    # -- what the upstream asks -------------------------------------------------------------------

    async def _sample(self, request: dict[str, Any]) -> Any:
        params = sampling_request(request)
        number, params.meta = _split(params.meta)
        return await self._pass_on(Question("sampling/createMessage", params), number)

    async def _elicit(self, request: dict[str, Any]) -> Any:
        params = elicitation_request(request)
        number, params.meta = _split(params.meta)
        if params.elicitation_id is not None:
            self._pages[params.elicitation_id] = self.callers.whose(number).ctx
        return await self._pass_on(Question("elicitation/request", params), number)

    async def _roots(self) -> Any:
        return await self._pass_on(Question("roots/list", Empty()), None)

    async def _pass_on(self, question: Question, number: Any) -> Any:
        """The answer of the caller's client. The wait ends with the call."""
        caller = self.callers.whose(number)
        with anyio.CancelScope() as scope:
            caller.waiting.add(scope)
            try:
                return await _put(caller.ctx, question)
            finally:
                caller.waiting.discard(scope)
        raise RequestCancelled(question.operation)

    # -- what the upstream says unasked -----------------------------------------------------------

    def _notice(self, method: str, params: Any) -> None:
        members: Mapping[str, Any] = params if is_object(params) else {}
        if method == "notifications/message":
            self._logged(members)
        elif method == "notifications/tasks/status":
            follow = self.tasks.get(str(members.get("taskId")))
            if follow is not None:
                follow(members)
        elif method == "notifications/elicitation/complete":
            ctx = self._pages.pop(str(members.get("elicitationId")), None)
            if ctx is not None:
                ctx.session.post(PLAIN.decode(ElicitationComplete, members), ctx.related)
        else:
            for hearer in list(self.hearers):
                hearer.heard(method, members)

    def _logged(self, params: Mapping[str, Any]) -> None:
        """To the caller it is about, or into this process's own log: it may tell of others."""
        try:
            number, meta = _split(params.get("_meta"))
            message = PLAIN.decode(LogMessage, {**params, "_meta": meta or {}})
            ctx = self.callers.whose(number).ctx
        except ZCPError:
            log.debug("%s says, for nobody in particular: %s", self.name(), params.get("data"))
            return
        notice = ctx.log_notice(message.level, message.data, message.logger, {})
        if notice is not None:
            merged = {**(message.meta or {}), **(notice.meta or {})} or None
            ctx.session.post(evolve(notice, meta=merged, extras=message.extras), ctx.related)


async def _put(ctx: Context, question: Question) -> Any:
    if ctx.task is not None:
        return await ctx.task.put(question.operation, question.params)
    return await ctx.answer_to(question)


def _onward(meta: Mapping[str, Any] | None, caller: Caller) -> dict[str, Any]:
    """`_meta` for the next hop: what is the call's own goes on."""
    if not meta:
        return {CALL_META: caller.number}
    own = {
        name: value
        for name, value in meta.items()
        if not any(name.startswith(each) for each in _OF_ONE_HOP)
    }
    return {**own, CALL_META: caller.number}


def _split(meta: Mapping[str, Any] | None) -> tuple[Any, dict[str, Any] | None]:
    """The number of the call, and the rest."""
    rest = {name: v for name, v in (meta or {}).items() if name not in (CALL_META, "progressToken")}
    return (meta or {}).get(CALL_META), rest or None


def _progress(ctx: Context) -> Callable[[dict[str, Any]], None] | None:
    """Passes progress on, under the caller's own token; None where nobody asked for it."""
    if "progressToken" not in (ctx.meta or {}):
        return None

    def report(entry: dict[str, Any]) -> None:
        # A caller that called again may have another token now, or none.
        token = (ctx.meta or {}).get("progressToken")
        if token is not None:
            notice = PLAIN.decode(Progress, {**entry, "progressToken": token})
            ctx.session.post(notice, ctx.related)

    return report
