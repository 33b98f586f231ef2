"""The `zcp` command group: own commands loaded when they are run, plugins' when they are needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click
from zcp_kernel.errors import PluginError

from .exits import guarded
from .options import State, debug_option

COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("serve", "Serve an app, over stdio, HTTP or WebSocket."),
    "tools": ("calls", "List a server's tools."),
    "call": ("calls", "Call a tool."),
    "resources": ("listings", "List a server's resources."),
    "read": ("reading", "Read a resource."),
    "prompts": ("listings", "List a server's prompts."),
    "prompt": ("prompting", "Fill in a prompt."),
    "tasks": ("tasks.command", "Create, follow and cancel tasks; look into a store of them."),
    "sessions": ("sessions", "Look into the sessions of a store."),
    "ping": ("pinging", "See whether a server answers."),
    "inspect": ("inspecting", "Show what a server is and offers."),
    "check": ("checking.command", "Run the request-flow checklist against a server."),
    "tokens": ("tokens", "Count what the tools cost a model."),
    "plugins": ("plugins", "Show the installed plugins and whether each can take part."),
    "new": ("scaffold", "Write a starter project for a server."),
    "new-plugin": ("scaffold", "Write a starter project for a plugin."),
}
"""Command -> the module of this package that has it, and its line in the help."""


class PluginCommands(click.Group):
    """Collects what plugins add; a name that is taken is an error."""

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        name = name or cmd.name
        if name in COMMANDS or name in self.commands:
            raise PluginError(f"the command {name!r} exists already; name it otherwise")
        super().add_command(cmd, name)


class ZcpGroup(click.Group):
    """Looks a command up here first, then among the plugins'."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._from_plugins: PluginCommands | None = None

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*COMMANDS, *sorted(self._plugin_commands().commands)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return self._plugin_commands().commands.get(cmd_name)
        module = import_module(f"{__package__}.{COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        rows = [(name, line) for name, (_, line) in COMMANDS.items()]
        added: Mapping[str, click.Command] = {}
        try:
            added = self._plugin_commands().commands
        except PluginError as error:
            click.echo(f"warning: commands of plugins are missing: {error}", err=True)
        rows += [(name, added[name].get_short_help_str()) for name in sorted(added)]
        with formatter.section("Commands"):
            formatter.write_dl(rows)

    def _plugin_commands(self) -> PluginCommands:
        if self._from_plugins is None:
            from zcp_kernel.plugins import PluginHost

            collected = PluginCommands()
            PluginHost().commands(collected)
            self._from_plugins = collected
        return self._from_plugins


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from zcp import __version__

        click.echo(f"zcp {__version__}")
        ctx.exit()


@click.group(
    cls=ZcpGroup,
    epilog="TARGET is a URL, module:app, file.py:app, file.py, mcp.json:NAME, or '-- command args' "
    "at the end of the line. Exit codes: 0 done, 1 the call or a check failed, 2 usage, 3 could "
    "not start or connect, 130 interrupted.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@debug_option
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version,
    help="Show the version.",
)  # fmt: skip
def cli() -> None:
    """Serve, call and inspect ZCP and MCP servers."""


def run(argv: Sequence[str] | None) -> int:
    """Run a command line (None: the process's); returns the exit code. Unlike click's own way,
    every error becomes a line and a code."""
    state = State()

    def command() -> object:
        arguments = None if argv is None else list(argv)
        return cli.main(arguments, prog_name="zcp", standalone_mode=False, obj=state)

    return guarded(command, lambda: state.debug)
