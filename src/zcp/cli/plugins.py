"""`zcp plugins`."""

from __future__ import annotations

import sys

import click
from attrs import asdict

from .exits import FAILED
from .options import debug_option
from .rendering import Screen


@click.command("plugins", short_help="Show the installed plugins and whether each can take part.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
@debug_option
@click.pass_context
def plugins_command(context: click.Context, as_json: bool) -> None:
    """Show the installed plugins. Ends with 1 if one of them is broken."""
    from zcp_kernel.plugins import PluginHost

    reports = PluginHost().report()
    screen = Screen(sys.stdout, json=as_json)
    if as_json:
        screen.document({"plugins": [asdict(report) for report in reports]})
    else:
        screen.table(
            ("plugin", "distribution", "version", "kernel", "status", "hooks"),
            [
                (
                    report.name,
                    report.distribution or "-",
                    report.version or "-",
                    report.requires_kernel or "-",
                    report.status,
                    ", ".join(hook.removeprefix("zcp_") for hook in report.hooks),
                )
                for report in reports
            ],
        )
    broken = [report for report in reports if report.status == "broken"]
    for report in broken:
        screen.problem(report.problem or report.name)
    if broken:
        context.exit(FAILED)
