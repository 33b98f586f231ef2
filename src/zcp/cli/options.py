"""Arguments and options the commands share."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, cast

import click
from attrs import define, field, fields, frozen
from zcp_kernel.model import LOG_LEVELS, LogLevel

from .credentials import BEARER_VARIABLE
from .exits import USAGE, CommandError
from .targets import CommandTarget, Target, parse_target

_COMMAND = "zcp.cli.command"
_AT_THE_END = "-"
_DASHES = "--"


@define
class State:
    """What all commands of one run share (`context.obj`)."""

    debug: bool = False


class TargetCommand(click.Command):
    """A command whose TARGET may stand at the end instead, as `-- command args`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if _DASHES in args:
            place = args.index(_DASHES)
            command = tuple(args[place + 1 :])
            if not command:
                raise click.UsageError("'--' is followed by no command", ctx)
            ctx.meta[_COMMAND] = CommandTarget(command)
            args = [_AT_THE_END, *args[:place]]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        return [*super().collect_usage_pieces(ctx), "[-- COMMAND...]"]


@frozen
class Options:
    """How to reach a server, and how to show what it says. Times are in seconds."""

    revision: str | None
    prefer: str | None
    json: bool
    quiet: bool
    connect_timeout: float
    timeout: float | None
    log_level: LogLevel | None
    headers: tuple[str, ...] = field(repr=False)
    bearer: str | None = field(repr=False)


_SHARED = (
    click.option("--revision", metavar="NAME", help="Speak this protocol revision and no other."),
    click.option(
        "--prefer", type=click.Choice(["native", "mcp"]), help="The protocol to offer first."
    ),
    click.option("--json", is_flag=True, help="One JSON document on standard output."),
    click.option("-q", "--quiet", is_flag=True, help="No progress, no log messages."),
    click.option(
        "--connect-timeout",
        type=click.FloatRange(min=0, min_open=True),
        default=30.0,
        show_default=True,
        metavar="SECONDS",
        help="How long the server may take to answer at first.",
    ),
    click.option(
        "--timeout",
        type=click.FloatRange(min=0, min_open=True),
        metavar="SECONDS",
        help="Give up after this time; without it, never.",
    ),
    click.option(
        "--log-level",
        type=click.Choice(list(LOG_LEVELS)),
        help="Ask the server for log messages from this level on.",
    ),
    click.option(
        "--header",
        "headers",
        multiple=True,
        metavar="'NAME: VALUE'",
        help="Send this HTTP header; repeatable.",
    ),
    click.option(
        "--bearer",
        envvar=BEARER_VARIABLE,
        metavar="TOKEN",
        help=f"The bearer token; better in the environment variable {BEARER_VARIABLE}, where no "
        "other process sees it.",
    ),
)


def shared_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options of `Options` to a command and hands them over as `options`."""
    names = [attribute.name for attribute in fields(Options)]

    @functools.wraps(function)
    def with_options(**given: Any) -> Any:
        return function(options=Options(**{name: given.pop(name) for name in names}), **given)

    for option in reversed(_SHARED):
        with_options = option(with_options)
    return debug_option(with_options)


def to_target(context: click.Context, parameter: click.Parameter, text: str) -> Target:
    """The callback of an argument that is a TARGET."""
    if text == _AT_THE_END and _COMMAND in context.meta:
        return cast(Target, context.meta[_COMMAND])
    try:
        return parse_target(text)
    except CommandError as error:
        if error.code == USAGE:
            raise click.BadParameter(str(error), context, parameter) from None
        raise


def _debug(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        context.ensure_object(State).debug = True


target_argument = click.argument("target", callback=to_target)
debug_option = click.option(
    "--debug", is_flag=True, expose_value=False, callback=_debug,
    help="Show tracebacks.",
)  # fmt: skip
