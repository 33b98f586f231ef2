"""Commands of two words: a verb, and what it is done to."""

from __future__ import annotations

import click


class VerbGroup(click.Group):
    """Its commands are verbs. TARGET stands behind the verb, or before it, as other commands have
    it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if len(args) > 1 and args[0] not in self.commands and args[1] in self.commands:
            args = [args[1], args[0], *args[2:]]
        return super().parse_args(ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in self.commands:
            ctx.fail(f"{args[0]!r} is no verb: there is {', '.join(self.list_commands(ctx))}")
        return super().resolve_command(ctx, args)
