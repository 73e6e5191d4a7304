"""What programs rely on: with --json, one document on standard output, of a shape that stays."""

import json
import os
import pty
import re
import subprocess
import sys

import pytest

from .conftest import RECIPE, ROOT

ULID = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def test_check(workspace):
    """A recipe without a mistake is ok, with no diagnostics."""
    assert workspace.document("check", "penguins.yaml") == {"ok": True, "diagnostics": []}


def test_check_of_a_mistake(workspace):
    """A mistake is found with its code, file, line, column and key path; lines and columns count from 1."""
    found = workspace.document("check", "penguins.yaml", "trainer.max_epoch=3", exits=2)
    assert found == {
        "ok": False,
        "diagnostics": [
            {
                "code": "YT401",
                "severity": "error",
                "message": 'unknown key "max_epoch" in trainer',
                "hint": 'did you mean "max_epochs"?',
                "file": "command line",
                "line": 1,
                "column": 9,
                "key_path": ["trainer", "max_epoch"],
            }
        ],
    }


def test_plan_is_what_fit_runs(workspace):
    """The document is the Plan itself: written to a file, it runs."""
    plan = workspace.document("plan", "penguins.yaml")
    (workspace.folder / "plan.json").write_text(json.dumps(plan))
    (workspace.folder / "penguins.yaml").unlink()
    assert workspace.document("fit", "--plan", "plan.json")["status"] == "done"


@pytest.mark.parametrize(
    ("arguments", "value", "origin", "file", "line"),
    [
        (["trainer.max_epochs"], 1, "file", "penguins.yaml", 8),
        (["trainer.max_epochs", "trainer.max_epochs=2"], 2, "override", "command line", 1),
        (["trainer.max_epochs", "--profile", "long"], 50, "profile", "penguins.yaml", 11),
        (["seed"], 7, "env", "penguins.yaml", 12),
        (["trainer.batch_size"], 256, "default", None, None),
        (["datasource.type"], "csv", "file", "penguins.yaml", 3),
    ],
)
def test_explain(workspace, arguments, value, origin, file, line):
    """A value comes with what set it and where."""
    (workspace.folder / "penguins.yaml").write_text(
        RECIPE + "profiles:\n  long: {trainer: {max_epochs: 50}}\nseed: ${env:PENGUINS_SEED}\n"
    )
    workspace.environment = {"PENGUINS_SEED": "7"}
    document = workspace.document("explain", "penguins.yaml", *arguments)
    assert set(document) >= {"key_path", "value", "origin", "file", "line", "overridden"}
    assert (document["value"], document["origin"], document["file"], document["line"]) == (value, origin, file, line)


def test_explain_names_what_was_overridden(workspace):
    """A value that lost to another is still told."""
    document = workspace.document("explain", "penguins.yaml", "trainer.max_epochs", "trainer.max_epochs=2")
    (lost,) = document["overridden"]
    assert (lost["value"], lost["origin"], lost["line"]) == (1, "file", 8)


def test_fit(workspace):
    """A fit says what came out, where it lies and how long each stage took."""
    result = workspace.document("fit", "penguins.yaml")
    assert set(result) >= {"run_id", "run_dir", "status", "metrics", "steps", "best_epoch", "tensor_digest", "resumed_from"}
    assert ULID.fullmatch(result["run_id"])
    assert DIGEST.fullmatch(result["tensor_digest"])
    assert {"val/accuracy", "test/accuracy"} <= set(result["metrics"])
    assert set(result["model"]) == {"name", "version", "digest"}
    assert set(result["timings"]) >= {"startup", "data", "train", "evaluate", "bundle"}


def test_runs(trained):
    """The list and the single run say the same."""
    (listed,) = trained.document("runs", "ls")
    assert set(listed) >= {"run_id", "name", "status", "created", "metrics", "params"}
    assert listed["status"] == "done"
    assert listed["params"]["trainer.max_epochs"] == 1
    shown = trained.document("runs", "show", "latest")
    assert {key: shown[key] for key in listed} == listed


def test_a_damaged_run_is_listed_as_such(workspace):
    """One run whose files were lost hides no other."""
    (workspace.folder / "penguins.yaml").write_text(RECIPE.replace("\nregistry", "\n# registry"))
    for _ in range(2):
        workspace.document("fit", "penguins.yaml")
    whole, damaged = sorted((workspace.folder / "runs" / "penguins").iterdir())
    (damaged / "plan.json").write_text("{")
    assert [(run["run_id"], run["status"]) for run in workspace.document("runs", "ls")] == [
        (damaged.name, "damaged"),
        (whole.name, "done"),
    ]
    listed = workspace.run("runs", "ls")
    assert "damaged" in listed.stdout
    assert f"{damaged.name}: " in listed.stderr


def test_models(trained):
    """A model's versions, each with the run it comes from, and the aliases."""
    document = trained.document("models", "show", "penguins")
    (version,) = document["versions"]
    assert document["name"] == "penguins"
    assert document["aliases"] == {"champion": 1}
    assert set(version) >= {"version", "digest", "run_id", "metrics", "aliases", "created", "state"}
    assert version["run_id"] == trained.document("runs", "show", "latest")["run_id"]
    assert [model["name"] for model in trained.document("models", "ls")] == ["penguins"]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_predict(trained, tmp_path, suffix):
    """As many rows as were given, in the format that the name asks for."""
    output = tmp_path / f"predictions.{suffix}"
    document = trained.document("predict", "penguins@champion", ROOT / "recipes/data/penguins.csv", "-o", output)
    classes = ["Adelie", "Chinstrap", "Gentoo"]
    assert document["rows"] == 344
    assert document["output"] == str(output)
    assert document["columns"] == ["prediction", *(f"probability_{name}" for name in classes)]
    assert output.stat().st_size > 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", "no.yaml"], "YT101"),
        (["plan", "no.yaml"], "YT101"),
        (["plan", "penguins.yaml", "model=none"], "YT504"),
        (["explain", "penguins.yaml", "trainer.max_epoch"], "YT804"),
        (["fit", "penguins.yaml", "trainer.max_epochs=0"], "YT403"),
        (["fit", "--plan", "no.json"], "YT813"),
        (["fit", "penguins.yaml", "--resume"], "YT814"),
        (["fit"], "YT800"),
        (["predict", "penguins@champion", "data.csv", "-o", "p.csv"], "YT952"),
        (["runs", "show", "latest"], "YT933"),
        (["models", "show", "penguins"], "YT952"),
        (["models", "alias", "penguins@1", "champion"], "YT952"),
        (["plugins", "show", "model", "mpl"], "YT504"),
        (["schema", "model", "mpl"], "YT504"),
        (["nothing"], "YT800"),
    ],
)
def test_a_failure_is_one_document_too(workspace, arguments, code):
    """What fails says so in JSON: an error with code, message and hint, or diagnostics; and leaves nothing behind."""
    before = sorted(workspace.folder.rglob("*"))
    done = workspace.run(*arguments, "--json")
    document = json.loads(done.stdout)
    assert done.returncode == 2
    assert done.stderr == ""
    if "error" in document:
        assert set(document["error"]) == {"code", "message", "hint"}
    codes = [found["code"] for found in document.get("diagnostics", [document.get("error")])]
    assert all(re.fullmatch(r"YT\d{3}", found) for found in codes)
    assert code in codes
    assert sorted(workspace.folder.rglob("*")) == before


def test_a_closed_pipe_is_no_fault(workspace):
    """`ymltrain schema | head -1` ends quietly."""
    command = f"{sys.executable} -m ymltrain schema | head -1"
    done = subprocess.run(command, shell=True, cwd=workspace.folder, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "{\n"
    assert done.stderr == ""


def test_debug_shows_where_an_error_arose(workspace):
    """With --debug the traceback is shown instead of the message."""
    assert "Traceback" not in workspace.run("plan", "no.yaml").stderr
    assert "Traceback" in workspace.run("plan", "no.yaml", "--debug").stderr


def on_terminal(folder, *arguments, **environment):
    """What a command writes when its two streams are a terminal."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "ymltrain", *arguments]
    process = subprocess.Popen(
        command, cwd=folder, stdout=follower, stderr=follower, env={**os.environ, "TERM": "xterm-256color", **environment}
    )
    os.close(follower)
    written = b""
    try:
        while chunk := os.read(leader, 65536):
            written += chunk
    except OSError:  # Linux says so when the other end is closed
        pass
    os.close(leader)
    return process.wait(timeout=60), written.decode()


def test_a_terminal_gets_colours_and_a_pipe_gets_none(workspace):
    """Colours go to a person's terminal only, and not where NO_COLOR asks for none."""
    code, shown = on_terminal(workspace.folder, "check", "penguins.yaml", "model=none")
    assert code == 2
    assert "\x1b[1;31m" in shown
    assert "\x1b[" not in workspace.run("check", "penguins.yaml", "model=none").stderr
    assert "\x1b[1;31m" not in on_terminal(workspace.folder, "check", "penguins.yaml", "model=none", NO_COLOR="1")[1]


def test_a_fit_on_a_terminal_draws_its_progress(workspace):
    """The bar of an epoch is drawn over itself; in a pipe, an epoch is a line."""
    code, shown = on_terminal(workspace.folder, "fit", "penguins.yaml", "trainer.max_epochs=2")
    assert code == 0
    assert "\x1b[" in shown
    assert "epoch" in shown
    lines = workspace.run("fit", "penguins.yaml", "trainer.max_epochs=2", "--force-stage", "train").stderr.splitlines()
    assert [line[:9] for line in lines if line.startswith("epoch")] == ["epoch   1", "epoch   2"]
