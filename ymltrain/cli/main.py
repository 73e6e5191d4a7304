"""The command `ymltrain`: verbs are imported when they are called, errors become exit codes.

Exit codes: 0 done, 1 the run failed, 2 a mistake in the recipe or the usage, 75 preempted and resumable,
130 interrupted.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ymltrain import __version__
from ymltrain.cli.examples import examples

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

VERBS: dict[str, tuple[str, str]] = {
    "init": ("ymltrain.cli.init", "Look at a table and write a first recipe for it."),
    "check": ("ymltrain.cli.check", "Check a recipe: every mistake at once, each at its line."),
    "plan": ("ymltrain.cli.plan", "Show what a recipe will do, before it does it."),
    "explain": ("ymltrain.cli.explain", "Say where a value of a recipe comes from."),
    "fit": ("ymltrain.cli.fit", "Train what a recipe describes; evaluate, bundle and register it."),
    "tune": ("ymltrain.cli.tune", "Search the space of a recipe's tuner; report of a study."),
    "parity": ("ymltrain.cli.parity", "Compare the steps of a recipe under single, ddp and fsdp."),
    "evaluate": ("ymltrain.cli.evaluate", "Measure a model on rows: with intervals, beside baselines, in slices."),
    "predict": ("ymltrain.cli.predict", "Predict with a registered model, a run or a bundle."),
    "export": ("ymltrain.cli.export", "Write a model as a program for others, held against its golden rows."),
    "serve": ("ymltrain.cli.serve", "Serve a model over HTTP, and log what is served."),
    "skew": ("ymltrain.cli.skew", "Find and explain training-serving skew in a serving log."),
    "runs": ("ymltrain.cli.runs", "List, compare and look after runs."),
    "report": ("ymltrain.cli.report", "Write runs as one HTML page."),
    "reproduce": ("ymltrain.cli.reproduce", "Run a run again and say whether the same came out."),
    "models": ("ymltrain.cli.models", "Versions of models: find, compare, promote, move, check and copy them."),
    "registry": ("ymltrain.cli.registry", "Begin a registry, or bring it to the present format."),
    "plugins": ("ymltrain.cli.plugins", "List the installed plugins, or show one."),
    "completion": ("ymltrain.cli.completion", "Print the script that makes a shell complete arguments."),
    "schema": ("ymltrain.cli.schema", "Print the JSON Schemas of the installed plugin set."),
}
"""Each verb's module and what it does in one line, so that help imports none of them."""

INTERRUPTED = 130


class VerbGroup(click.Group):
    """A group whose commands are imported when they are needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in VERBS:
            return None
        command = import_module(VERBS[cmd_name][0]).command
        assert isinstance(command, click.Command)
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Verbs as help has them, so that completing one imports none."""
        from click.shell_completion import CompletionItem

        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(verb, help=summary) for verb, (_, summary) in VERBS.items() if verb.startswith(incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl([(verb, summary) for verb, (_, summary) in VERBS.items()])

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        from ymltrain.diagnostics import did_you_mean

        if args[0] not in VERBS and not args[0].startswith("-"):
            raise click.UsageError(f'there is no verb "{args[0]}": {did_you_mean(args[0], VERBS)}', ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=VerbGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
    epilog=examples("ymltrain fit recipes/diamonds.yaml"),
)
@click.version_option(__version__, prog_name="ymltrain")
def group() -> None:
    """Train models from recipes: a recipe is source code, ymltrain is its compiler."""


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit with its code."""
    gc.set_threshold(100_000, 50, 100)  # importing makes many objects and little garbage
    given = list(sys.argv[1:] if arguments is None else arguments)
    if "_YMLTRAIN_COMPLETE" in os.environ:
        from ymltrain.cli.completion.answer import answer

        sys.exit(answer(group, given))
    code = run(given)
    gc.freeze()  # else the interpreter's last collections walk all that torch is made of, which takes half a second
    sys.exit(code)


def run(arguments: list[str]) -> int:
    """Run the command line; returns the exit code. With --json, standard output gets one document, whatever happens."""
    from ymltrain.diagnostics import UsageError, YmltrainError

    wants_json = "--json" in arguments
    try:
        return int(group.main(args=arguments, prog_name="ymltrain", standalone_mode=False) or 0)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        return _report(UsageError("YT800", error.format_message(), _usage_hint(error)), wants_json=wants_json)
    except YmltrainError as error:
        if "--debug" in arguments:
            raise
        return _report(error, wants_json=wants_json)
    except (KeyboardInterrupt, click.Abort):
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except Exception as error:
        if "--debug" in arguments:
            raise
        return _report_internal(error, wants_json=wants_json)


def _usage_hint(error: click.ClickException) -> str:
    context: click.Context | None = getattr(error, "ctx", None)
    return f"see {context.command_path} --help" if context is not None else "see ymltrain --help"


def _report(error: Any, *, wants_json: bool) -> int:
    from ymltrain.report.console import write_json
    from ymltrain.report.diagnostics import error_as_json, show_error

    if wants_json:
        write_json(error_as_json(error))
    else:
        show_error(error)
    return int(error.exit_code)


def _report_internal(error: Exception, *, wants_json: bool) -> int:
    """A fault of ours: say so, and keep the traceback where it can be sent from."""
    import tempfile
    import traceback

    from ymltrain.diagnostics import InternalError

    with tempfile.NamedTemporaryFile("w", prefix="ymltrain-fault-", suffix=".txt", delete=False) as log:
        traceback.print_exception(error, file=log)
    message = f"a fault of ymltrain itself: {type(error).__name__}: {error}"
    return _report(InternalError("YT999", message, f"please report it with {log.name}"), wants_json=wants_json)
