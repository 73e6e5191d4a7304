"""Help: every verb says what it does and shows a command to copy that works."""

import shlex
from importlib import import_module

import click
import pytest

from ymltrain.cli.main import VERBS, group, run

from .conftest import ROOT


def _commands():
    yield "", group
    for verb, (module, _) in VERBS.items():
        command = import_module(module).command
        yield verb, command
        for name, below in getattr(command, "commands", {}).items():
            yield f"{verb} {name}", below


COMMANDS = dict(_commands())
EXAMPLES = [line.strip() for command in COMMANDS.values() for line in (command.epilog or "").splitlines() if line.startswith("  ")]
READING = [
    example
    for example in EXAMPLES
    if example.split()[1] in ("check", "plan", "explain", "plugins", "schema") and ">" not in example
]


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_verb_has_an_example(verb, capsys):
    """`--help` ends with a whole command, on a line of its own."""
    assert run([*verb.split(), "--help"]) == 0
    shown = capsys.readouterr().out.splitlines()
    examples = shown[shown.index("  Examples:") + 1 :]
    assert examples
    assert all(example.startswith(f"    ymltrain {verb}".rstrip()) for example in examples)


@pytest.mark.parametrize("verb", [verb for verb, command in COMMANDS.items() if not isinstance(command, click.Group)])
def test_every_verb_takes_json(verb):
    """What a person can ask, a program can."""
    assert "--json" in [name for param in COMMANDS[verb].params for name in param.opts]


@pytest.mark.parametrize("example", READING)
def test_the_examples_work(example, capsys, monkeypatch, tmp_path):
    """An example that trains nothing can be run as it stands, beside the shipped recipes."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipes").symlink_to(ROOT / "recipes")
    assert run(shlex.split(example)[1:]) == 0
    assert "error" not in capsys.readouterr().err


def test_python_m_is_the_command(workspace):
    """`python -m ymltrain` prints what `ymltrain` prints, its name included."""
    assert "Usage: ymltrain " in workspace.run("--help").stdout


def test_the_version(capsys):
    """`--version` names the program and its version."""
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("ymltrain, version ")


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["fti", "r.yaml"], 'did you mean "fit"?'),
        (["fit", "r.yaml", "--resum"], "--resume"),
        (["models", "lst"], "lst"),
        (["check"], "RECIPE"),
        ([], "Usage"),
    ],
)
def test_a_mistake_in_the_usage_ends_with_2(arguments, hint, capsys):
    """What is not understood is named, with what is near it."""
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert hint in captured.err
    assert captured.out == ""
