"""Completion: candidates for whatever may stand at the cursor, in real shells, and never an error."""

import io
import shutil
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout

import pytest

from ymltrain.cli.main import main

from .conftest import ROOT
from .shells import Shell

RECIPE = """\
recipe: 1
name: houses
extends: base.yaml
datasource: houses.csv
target: price
features: {area: number, "odd.name": number}
model: mlp
optimizer: sgd
profiles:
  large: {trainer: {batch_size: 4096}}
"""
BASE = "profiles:\n  long: {trainer: {max_epochs: 50}}\n"


@pytest.fixture(scope="session")
def place(trained, tmp_path_factory):
    """A workspace with a model, and a recipe that lies over another one."""
    folder = tmp_path_factory.mktemp("place") / "workspace"
    shutil.copytree(trained.folder, folder)
    (folder / "houses.yaml").write_text(RECIPE)
    (folder / "base.yaml").write_text(BASE)
    (folder / "broken.yaml").write_text("recipe: 1\nmodel: {type: mlp\n")
    (folder / "of two words.yaml").write_text("recipe: 1\n")
    (folder / "notes.txt").write_text("")
    return folder


def ask(folder, *words):
    """What `ymltrain` answers, in this folder, to a shell that asks it about the last of these words."""
    written, errors = io.StringIO(), io.StringIO()
    with chdir(folder), redirect_stdout(written), redirect_stderr(errors), pytest.MonkeyPatch.context() as environment:
        environment.setenv("_YMLTRAIN_COMPLETE", "zsh")
        with pytest.raises(SystemExit) as end:
            main(list(words))
    assert (end.value.code, errors.getvalue()) == (0, "")
    return [line.partition("\t")[0] for line in written.getvalue().splitlines()]


@pytest.mark.parametrize(
    ("words", "candidates"),
    [
        ([""], {"check", "fit", "plugins", "completion"}),
        (["plugins", ""], {"ls", "show", "new"}),
        (["check", ""], {"houses.yaml", "base.yaml", "of two words.yaml", "runs/"}),
        (["fit", "hou"], {"houses.yaml"}),
        (["check", "houses.yaml", "--pro"], {"--profile"}),
        (["check", "houses.yaml", "--profile", ""], {"large", "long"}),
        (["check", "houses.yaml", "opt"], {"optimizer=", "optimizer."}),
        (["check", "houses.yaml", "optimizer.m"], {"optimizer.momentum="}),
        (["check", "houses.yaml", "optimizer=adam", "optimizer.b"], {"optimizer.betas="}),
        (["fit", "houses.yaml", "trainer.early_stopping."], {"trainer.early_stopping.patience=", "trainer.early_stopping.metric="}),
        (["fit", "houses.yaml", "features."], {"features.area=", "features.area.", 'features."odd.name".'}),
        (["fit", "houses.yaml", 'features."odd.name".en'], {'features."odd.name".encoder=', 'features."odd.name".encoder.'}),
        (["fit", "houses.yaml", "features.area=nu"], {"features.area=number"}),
        (["fit", "houses.yaml", "features.area.encoder=sta"], {"features.area.encoder=standard"}),
        (["fit", "houses.yaml", "model=ml"], {"model=mlp"}),
        (["fit", "houses.yaml", "optimizer.type=adamw"], {"optimizer.type=adamw"}),
        (["fit", "houses.yaml", "optimizer.nesterov="], {"optimizer.nesterov=true", "optimizer.nesterov=false"}),
        (["fit", "houses.yaml", "strategy=a"], {"strategy=auto"}),
        (["fit", "houses.yaml", "trainer.weights=b"], {"trainer.weights=best"}),
        (["plan", "broken.yaml", "trainer.max_ep"], {"trainer.max_epochs="}),
        (["explain", "houses.yaml", "model.hid"], {"model.hidden"}),
        (["explain", "houses.yaml", "tra"], {"trainer", "trainer.", "tracker"}),
        (["plugins", "show", "lr_"], {"lr_scheduler"}),
        (["plugins", "show", "model", ""], {"mlp", "linear"}),
        (["plugins", "new", "lo"], {"loss"}),
        (["schema", "split", "ha"], {"hash"}),
        (["predict", "penguins@c"], {"penguins@champion"}),
        (["predict", "peng"], {"penguins@champion", "penguins@1"}),
        (["models", "show", ""], {"penguins"}),
        (["models", "alias", "penguins@"], {"penguins@1"}),
        (["runs", "show", "la"], {"latest"}),
        (["completion", ""], {"bash", "zsh", "fish"}),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_what_may_stand_there_is_offered(place, words, candidates):
    """Verbs, options, files, profiles, keys of the plugins that the recipe and the words before choose, names of all kinds."""
    found = ask(place, *words)
    assert candidates <= set(found), found
    assert all(candidate.startswith(words[-1]) for candidate in found)


def test_only_what_may_stand_there_is_offered(place):
    """Another plugin's params, another kind's plugins and files that are no recipes are not."""
    assert set(ask(place, "check", "houses.yaml", "optimizer.")) == {
        f"optimizer.{key}=" for key in ("type", "lr", "momentum", "dampening", "weight_decay", "nesterov")
    }
    assert "notes.txt" not in ask(place, "check", "")
    assert set(ask(place, "fit", "houses.yaml", "loss=m")) == {"loss=mse", "loss=mae"}


def test_runs_are_offered_by_id(place):
    """A run's id, the newest first."""
    (run,) = (place / "runs" / "penguins").iterdir()
    assert ask(place, "runs", "show", run.name[:4]) == [run.name]
    assert ask(place, "fit", "houses.yaml", "--resume", "") == ["latest", run.name]


@pytest.mark.parametrize(
    "words",
    [
        ["nothing", ""],
        ["fit", "no.yaml", "optimizer.no.such."],
        ["fit", "houses.yaml", "a=b=c"],
        ["fit", "houses.yaml", '"'],
        ["check", "no/such/folder/"],
        ["predict", "nobody@"],
        ["plugins", "show", "nothing", ""],
        ["models", "show", "", "--registry", "s3://nowhere"],
        ["fit", "broken.yaml", "--profile", ""],
    ],
)
def test_what_makes_no_sense_has_no_candidates_and_no_error(place, words):
    """A half-written line is no mistake: nothing is offered, and nothing is said."""
    assert ask(place, *words) == []


def test_a_plugin_file_is_not_run(place, tmp_path):
    """Consent to run a file is given by running the command, not by writing it."""
    (tmp_path / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    assert ask(place, "fit", "houses.yaml", "--plugin", str(tmp_path / "mi")) == [str(tmp_path / "mine.py")]
    assert ask(place, "fit", "--plugin", str(tmp_path / "mine.py"), "houses.yaml", "optimizer.lr") == ["optimizer.lr="]
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "words", [[""], ["check", "penguins.yaml", "optimizer."], ["predict", ""], ["plugins", "show", "model", ""]]
)
def test_completing_imports_nothing_heavy(place, words):
    """A person waits for each TAB: neither torch nor a numerical library is loaded for it."""
    program = (
        "import sys, os\nos.environ['_YMLTRAIN_COMPLETE'] = 'zsh'\nfrom ymltrain.cli.main import main\n"
        "try:\n    main(sys.argv[1:])\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'lightning', 'polars', 'numpy', 'rich', 'omegaconf'} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words], cwd=place, capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == "[]\n"
    assert done.stdout


@pytest.fixture(
    scope="module",
    params=["bash", pytest.param("zsh", marks=pytest.mark.services), pytest.param("fish", marks=pytest.mark.services)],
)
def shell(request, place):
    """A shell in a terminal, with completion loaded as its help says."""
    opened = Shell(request.param, place)
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("chec", ["check", "X"]),
        ("check hous", ["check", "houses.yaml", "X"]),
        ("check of", ["check", "of two words.yaml", "X"]),
        ("check houses.yaml optimizer.mo", ["check", "houses.yaml", "optimizer.momentum=X"]),
        ("check houses.yaml trainer.early", ["check", "houses.yaml", "trainer.early_stoppingX"]),
        ("check houses.yaml loss=hub", ["check", "houses.yaml", "loss=huber", "X"]),
        ("check houses.yaml --profile lar", ["check", "houses.yaml", "--profile", "large", "X"]),
        ("check houses.yaml --prof", ["check", "houses.yaml", "--profile", "X"]),
        ("explain houses.yaml model.hid", ["explain", "houses.yaml", "model.hidden", "X"]),
        ("plugins show model ml", ["plugins", "show", "model", "mlp", "X"]),
        ("predict penguins@cha", ["predict", "penguins@champion", "X"]),
        ("check no.such.key=", ["check", "no.such.key=X"]),
    ],
)
def test_tab_completes_in_a_real_shell(shell, typed, words):
    """The line as the shell has it after TAB: what is done gets a space, and what is not, or is unknown, none."""
    assert shell.complete(f"ymltrain {typed}") == ["ymltrain", *words]


def test_what_is_not_clear_is_listed(shell):
    """Where several could stand, the shell shows them, and no trace of an error."""
    shown = shell.candidates("ymltrain check houses.yaml loss=m")
    assert "mse" in shown
    assert "mae" in shown
    assert "Traceback" not in shown


@pytest.mark.parametrize("name", ["bash", "zsh", "fish"])
def test_the_script_is_printed(name, workspace):
    """It is one to save: nothing but the script."""
    done = workspace.run("completion", name)
    assert done.returncode == 0
    assert done.stderr == ""
    assert "_YMLTRAIN_COMPLETE" in done.stdout
    assert str(ROOT) not in done.stdout
