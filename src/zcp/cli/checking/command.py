"""`zcp check`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio
import click

from ..connecting import Stay
from ..credentials import AUTHORIZATION
from ..exits import FAILED, NOT_STARTED
from ..jsonvalues import is_object
from ..logs import reported_logs
from ..options import Options, State, TargetCommand, shared_options, target_argument
from ..rendering import Screen
from ..streams import private_stdout
from ..targets import Target
from .bench import Bench, Credentials
from .checks import CHECKLIST
from .outcome import Report
from .runner import CHECK_SECONDS, count, run_checks
from .traffic import Traffic, WatchingHost

if TYPE_CHECKING:
    from zcp_kernel.client import ZCPClientSession

MADE_UP = "zcp-check-made-up"


class StayWay:
    """Implements `bench.Way` by what the command line says."""

    def __init__(self, stay: Stay) -> None:
        self._stay = stay
        self.traffic = Traffic()
        self._host = WatchingHost(self.traffic)
        self.url = stay.url
        self.has_credentials = bool(stay.headers)

    def session(self, *, credentials: Credentials = "given", **hooks: Any) -> ZCPClientSession:
        if self.url is None:
            return self._stay.session(**hooks, **self._quiet())
        headers: dict[str, str] | None = None if credentials == "given" else {}
        if credentials == "wrong":
            headers = dict.fromkeys(self._stay.headers, MADE_UP) or {
                AUTHORIZATION: f"Bearer {MADE_UP}"
            }
        return self._stay.session(headers=headers, host=self._host, **hooks)

    def _quiet(self) -> dict[str, Any]:
        return {} if self._stay.server is not None else {"host": self._host}


def _read_calls(
    _: click.Context, __: click.Parameter, texts: tuple[str, ...]
) -> dict[str, dict[str, Any]]:
    from ..arguments import as_json

    calls: dict[str, dict[str, Any]] = {}
    for text in texts:
        name, equals, document = text.partition("=")
        arguments: Any = as_json(document if equals else "{}")
        if not name or not is_object(arguments):
            raise click.BadParameter(f"{text!r} is not NAME or NAME={{…}}")
        calls[name] = arguments
    return calls


@click.command(
    "check", cls=TargetCommand, short_help="Run the request-flow checklist against a server."
)
@target_argument
@click.option(
    "--call", "calls", multiple=True, metavar="NAME[=JSON]", callback=_read_calls,
    help="Call this tool with these arguments; repeatable. Without it, only tools that say they "
    "read and change nothing are called.",
)  # fmt: skip
@click.option(
    "--idle", type=click.FloatRange(min=0), default=3.0, show_default=True, metavar="SECONDS",
    help="How long the connection is left alone for the keepalive check.",
)  # fmt: skip
@click.option(
    "--burst", type=click.IntRange(min=1), default=100, show_default=True, metavar="COUNT",
    help="How many quick requests are sent to meet a rate limit.",
)  # fmt: skip
@shared_options
@click.pass_context
def check_command(
    context: click.Context,
    target: Target,
    calls: dict[str, dict[str, Any]],
    idle: float,
    burst: int,
    options: Options,
) -> None:
    """Run the request-flow checklist against TARGET, a server of any make.

    Each check ends with pass, fail or not applicable, and why. Ends with 1 if one failed, with 3 if
    there was nobody to check. It changes nothing at the server, unless a --call does.
    """
    stay = Stay(target, options, bounded=False)
    bench = Bench(StayWay(stay), wanted=calls, idle_seconds=idle, burst=burst)
    debug = context.ensure_object(State).debug
    with private_stdout() as out:
        screen = Screen(out, json=options.json, quiet=options.quiet)
        with reported_logs(screen, with_tracebacks=debug):
            reports = anyio.run(_run, stay, bench, screen)
        _conclude(bench, reports, screen)
    if not bench.introduction:
        context.exit(NOT_STARTED)
    if count(reports, "fail"):
        context.exit(FAILED)


async def _run(stay: Stay, bench: Bench, screen: Screen) -> list[Report]:
    def told(report: Report) -> None:
        if not screen.json:
            screen.text(f"{report.verdict:<14}  {report.name:<13}  {report.reason}")
            screen.out.flush()

    async with stay.serving():
        limit = stay.options.timeout or CHECK_SECONDS
        return await run_checks(bench, CHECKLIST, limit=limit, told=told)


def _conclude(bench: Bench, reports: list[Report], screen: Screen) -> None:
    sums = {
        "passed": count(reports, "pass"),
        "failed": count(reports, "fail"),
        "notApplicable": count(reports, "not applicable"),
    }
    if screen.json:
        screen.document(
            {
                "serverInfo": bench.introduction.get("serverInfo"),
                "protocolVersion": bench.introduction.get("protocolVersion"),
                "checks": [report.members() for report in reports],
                **sums,
            }
        )
    else:
        screen.note(
            f"{sums['passed']} passed, {sums['failed']} failed, "
            f"{sums['notApplicable']} not applicable"
        )
