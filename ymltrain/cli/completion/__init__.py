"""`ymltrain completion`: the script that lets a shell complete verbs, options, plugins, recipe keys, runs and models."""

from __future__ import annotations

import click

from ymltrain.cli.examples import examples

SHELLS = ("bash", "zsh", "fish")


@click.command(
    "completion",
    epilog=examples(
        "ymltrain completion bash > ~/.local/share/bash-completion/completions/ymltrain",
        "ymltrain completion zsh > ~/.zfunc/_ymltrain",
        "ymltrain completion fish > ~/.config/fish/completions/ymltrain.fish",
    ),
)
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(SHELLS))
@click.option("--json", "as_json", is_flag=True, help="Write one JSON document to standard output.")
@click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks.")
def command(shell: str, as_json: bool) -> int:
    """Print the script that makes a shell complete the arguments of `ymltrain`.

    Completing runs no plugin file and reads no data; a shell never sees an error of it.
    """
    from ymltrain.cli.completion.scripts import script
    from ymltrain.report.console import write_json, write_text

    if as_json:
        write_json({"shell": shell, "script": script(shell)})
    else:
        write_text(script(shell))
    return 0
