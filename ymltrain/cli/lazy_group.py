"""A group of verbs, each a module that is imported when the verb is called."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click


class LazyGroup(click.Group):
    """Verbs by name: the module whose `command` it is, and what it does in one line, so that help imports none."""

    def __init__(self, name: str, verbs: Mapping[str, tuple[str, str]], *, help_text: str, epilog: str) -> None:
        super().__init__(name, help=help_text, epilog=epilog)
        self._verbs = verbs

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self._verbs)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in self._verbs:
            return None
        command = import_module(self._verbs[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, summary) for verb, (_, summary) in self._verbs.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        from ymltrain.diagnostics import did_you_mean

        if args[0] not in self._verbs and not args[0].startswith("-"):
            raise click.UsageError(f'there is no verb "{self.name} {args[0]}": {did_you_mean(args[0], self._verbs)}', ctx)
        return super().resolve_command(ctx, args)
