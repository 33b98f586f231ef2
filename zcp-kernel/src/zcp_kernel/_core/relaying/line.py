"""A session with an upstream, and the calls that go over it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, cast

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
from ..asking import Question
from ..client.calling.sending import Manner
from ..peer_shapes import elicitation_request, sampling_request
from .callers import NOTHING_SAID, About, Callers
from .failures import upstream_error
from .meta import onward, own, split

if TYPE_CHECKING:
    from ...client import ZCPClientSession
    from ...context import Context

log = logging.getLogger("zcp.mount")

_PASSED = (RemoteError, MethodNotFound, MissingCapability, InvalidParams, RateLimited, Expired)
"""What says nothing of the link: it reaches the caller as it is."""

HOOKS: Mapping[str, str] = {
    "sampling/createMessage": "sampling_handler",
    "elicitation/request": "elicitation_handler",
    "roots/list": "roots_provider",
}


class Hearer(Protocol):
    """Who is told what an upstream says unasked, and of no call."""

    def heard(self, method: str, params: Mapping[str, Any]) -> None: ...

    def logged(self, message: LogMessage) -> None: ...


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

    # -- calls ------------------------------------------------------------------------------------

    async def ask(
        self, operation: str, params: Any, ctx: Context, manner: Manner, *, logs: bool = False
    ) -> Any:
        """Send what `ctx` asked for; `logs` says that the upstream can be told how much to log.
        Raises what the upstream answers, and `UpstreamError`."""
        caller = self.callers.enter(ctx)
        params.meta = onward(ctx.meta, caller)
        finished = False
        try:
            if logs and (wanted := ctx.session.state.log_level) != self._log_level:
                await self._log_enough_for(wanted)
            if ctx.meta and "progressToken" in ctx.meta:
                manner = evolve(manner, progress=_progress(ctx))
            answer = await self.session.ask(operation, params, manner=manner)
            finished = True
            return answer
        except _PASSED:
            finished = True
            raise
        except InputRequired as error:
            finished = True
            raise error.__cause__ or error from None
        except Exception as error:
            raise upstream_error(self.name(), error, repeatable=manner.repeatable) from error
        finally:
            self.callers.leave(caller, given_up=not finished)

    async def _log_enough_for(self, wanted: str | None) -> None:
        """Have the upstream log as much as the most curious of the callers wants to hear."""
        now = self._log_level
        if wanted is None or (now is not None and LOG_LEVELS[now] <= LOG_LEVELS[wanted]):
            return
        try:
            await self.session.set_logging_level(cast("LogLevel", wanted))
        except (RemoteError, MethodNotFound) as error:
            log.debug("%s does not take the log level %s: %s", self.name(), wanted, error)
        self._log_level = wanted

    # -- what the upstream asks -------------------------------------------------------------------

    async def _sample(self, request: dict[str, Any]) -> Any:
        params = sampling_request(request)
        about, params.meta = split(params.meta)
        return await self._pass_on(Question("sampling/createMessage", params), about)

    async def _elicit(self, request: dict[str, Any]) -> Any:
        params = elicitation_request(request)
        about, params.meta = split(params.meta)
        if params.elicitation_id is not None:
            self._pages[params.elicitation_id] = self.callers.whose(about).ctx
        return await self._pass_on(Question("elicitation/request", params), about)

    async def _roots(self) -> Any:
        return await self._pass_on(Question("roots/list", Empty()), NOTHING_SAID)

    async def _pass_on(self, question: Question, about: About) -> Any:
        """The answer of the caller's client. The wait ends with the call."""
        caller = self.callers.whose(about)
        with anyio.CancelScope() as scope:
            caller.waiting.append(scope)
            try:
                return await _put(caller.ctx, question)
            finally:
                caller.waiting.remove(scope)
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
        """To the caller it is about; to all who hear of this line what is about no call; what may
        be somebody's, nobody knows whose, into this process's own log."""
        try:
            message = PLAIN.decode(LogMessage, params)
            about, message.meta = split(message.meta)
            caller = self.callers.told(about)
        except ZCPError:
            log.debug("%s says, for nobody in particular: %s", self.name(), params.get("data"))
            return
        if caller is None:
            for hearer in list(self.hearers):
                hearer.logged(message)
            return
        ctx = caller.ctx
        notice = ctx.log_notice(message.level, message.data, message.logger, {})
        if notice is not None:
            merged = {**(message.meta or {}), **(notice.meta or {})} or None
            ctx.session.post(evolve(notice, meta=merged, extras=message.extras), ctx.related)


async def _put(ctx: Context, question: Question) -> Any:
    if ctx.task is not None:
        return await ctx.task.put(question.operation, question.params)
    return await ctx.answer_to(question)


def _progress(ctx: Context) -> Callable[[dict[str, Any]], None]:
    """Passes progress on, under the caller's own token."""

    def report(entry: dict[str, Any]) -> None:
        # A caller that called again may have another token now, or none.
        token = (ctx.meta or {}).get("progressToken")
        if token is not None:
            said = {**entry, "progressToken": token, "_meta": own(entry.get("_meta"))}
            ctx.session.post(PLAIN.decode(Progress, said), ctx.related)

    return report
