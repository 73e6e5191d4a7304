"""Data that do not hold what a recipe needs: a named error, an exit code, nothing half-written."""

import json

import pytest

from ymltrain.cli.main import run

RECIPE = "recipe: 1\nname: t\ndatasource: data.csv\ntarget: y\nmodel: linear\ntrainer: {max_epochs: 1}\n"
ONE_CLASS = "x,c,y\n" + "".join(f"{n % 9},a,same\n" for n in range(10_001))
GOOD = "".join(f"{n},{'ab'[n % 2]},{n % 3}\n" for n in range(40))


def fit(folder, table, *arguments):
    """`fit --json` on a table: exit code and document."""
    (folder / "recipe.yaml").write_text(RECIPE)
    (folder / "data.csv").write_text(table)
    return run(["fit", str(folder / "recipe.yaml"), "--workspace", str(folder), "--json", *arguments])


@pytest.mark.parametrize(
    ("table", "arguments", "code", "exit_code"),
    [
        ("x,c,y\n", [], "YT720", 2),
        ("", [], "YT701", 2),
        ("x,c,y\n" + "".join(f"{n},a,same\n" for n in range(40)), [], "YT722", 2),
        (ONE_CLASS, [], "YT722", 1),
        ("x,c,y\n" + "".join(f"{n},,{n}\n" for n in range(40)), ["features={x: number, c: category}"], "YT723", 2),
        ("x,c,y\n" + "".join(f"{n},{'a' * (n == 33)},{n}\n" for n in range(40)), ["features={x: number, c: category}"], "YT723", 1),
        ("x,c,y\n1,a,1\n2,b,2\n", [], "YT721", 1),
        ("x,c,y\n" + GOOD, ["target.transform=log"], "YT724", 2),
        (
            "x,c,y\n" + "".join(f"{n},a,{n * 7919 % 101}\n" for n in range(20_000)) + "oops,a,1\n",
            ["features={x: number}"],
            "YT706",
            1,
        ),
        ("x,c,y\n" + GOOD, ["features={nope: number}"], "YT711", 2),
        ("x,c,y\n" + GOOD, ["datasource=gone.csv"], "YT700", 2),
    ],
    ids=[
        "no rows",
        "empty file",
        "one class",
        "one class in more rows than check looks at",
        "all null",
        "null in train",
        "empty split",
        "log of zero",
        "text far down",
        "no such column",
        "no file",
    ],
)
def test_bad_data_end_in_their_own_error(tmp_path, capsys, table, arguments, code, exit_code):
    """One code, a message and a hint; no bundle and no registered model."""
    assert fit(tmp_path, table, *arguments) == exit_code
    document = json.loads(capsys.readouterr().out)
    assert document["error"]["code"] == code
    assert document["error"]["message"]
    assert document["error"]["hint"]
    assert not list(tmp_path.glob("runs/t/*/bundle"))
    assert not (tmp_path / "registry").exists()


def test_a_run_that_failed_for_good_says_why_and_is_not_resumed(tmp_path, capsys):
    """The record keeps the reason."""
    fit(tmp_path, ONE_CLASS)
    capsys.readouterr()
    run(["runs", "ls", "--json", "--workspace", str(tmp_path)])
    (summary,) = json.loads(capsys.readouterr().out)
    assert (summary["status"], summary["error"]["code"]) == ("failed", "YT722")
    assert run(["fit", str(tmp_path / "recipe.yaml"), "--resume", "--workspace", str(tmp_path)]) == 2


def test_a_loss_that_is_not_finite_ends_the_run_with_its_name(tmp_path, capsys):
    """NaN is an error, never a bundle."""
    code = fit(tmp_path, "x,c,y\n" + GOOD, "optimizer={type: sgd, lr: 1e30}", "trainer.max_epochs=5", "trainer.log_every_n_steps=1")
    assert code == 1
    error = json.loads(capsys.readouterr().out)["error"]
    assert error["code"] == "YT901"
    assert "optimizer.lr" in error["hint"]


def test_a_folder_that_cannot_be_written_is_named_before_training(tmp_path, capsys):
    """No work starts that could not be kept."""
    (tmp_path / "runs").write_text("a file where the folder should be")
    assert fit(tmp_path, "x,c,y\n" + GOOD) == 2
    assert str(tmp_path) in json.loads(capsys.readouterr().out)["error"]["message"]


@pytest.mark.parametrize("name", ["type", "model", "a b", "a.b", 'a"b', "été", "=x", "columns[0]", "*", "^a$"])
def test_columns_may_be_called_anything(tmp_path, capsys, name):
    """Names of columns are data, not syntax."""
    quoted = name.replace('"', '""')
    assert fit(tmp_path, f'"{quoted}",c,y\n' + GOOD) == 0
    (bundle,) = tmp_path.glob("runs/t/*/bundle")
    assert run(["predict", str(bundle), str(tmp_path / "data.csv"), "-o", str(tmp_path / "out.csv")]) == 0
    capsys.readouterr()
