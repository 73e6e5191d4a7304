"""Secrets never land in a run's directory."""

from __future__ import annotations

import subprocess

import pytest

pytestmark = pytest.mark.slow

SECRETS = {
    "environment": "s3cr3t-of-environment",
    "url": "s3cr3t-of-url",
    "recipe": "s3cr3t-of-recipe",
    "diff": "s3cr3t-of-diff",
}


def test_planted_secrets_are_not_found(workplace):
    """Secrets in variables, arguments, URLs, the recipe's text and uncommitted changes: none is in any file of the run."""
    folder = workplace.folder
    recipe = workplace.recipe
    recipe.write_text(f"{recipe.read_text()}description: plain\n# password: {SECRETS['recipe']}\n")
    (folder / "client.py").write_text("token = None\n")

    def git(*words):
        identity = ["-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)

    git("init")
    git("add", "client.py")
    git("commit", "-m", "first")
    git("remote", "add", "origin", f"https://me:{SECRETS['url']}@example.org/x.git")
    (folder / "client.py").write_text(f'api_key = "{SECRETS["diff"]}"\n')
    environment = {"MY_API_TOKEN": SECRETS["environment"], "HARMLESS": f"https://me:{SECRETS['url']}@example.org"}
    done = workplace.run("fit", "penguins.yaml", "registry=", env=environment)
    assert done.returncode == 0, done.stderr
    files = [path for path in (folder / "runs").rglob("*") if path.is_file()]
    assert len(files) > 10
    found = {(name, path.name) for path in files for name, secret in SECRETS.items() if secret.encode() in path.read_bytes()}
    assert found == set()


@pytest.mark.parametrize("value", ["s3cr3t-of-environment", "https://me:s3cr3t@example.org/rows.csv"])
def test_a_secret_in_the_plan_is_refused(workplace, value):
    """What would stay in plan.json, which is kept as it is, is refused before there is a run."""
    done = workplace.run("fit", "penguins.yaml", f"description={value}", env={"MY_API_TOKEN": "s3cr3t-of-environment"})
    assert done.returncode == 2
    assert "YT840" in done.stderr
    assert "description (command line:1) holds" in done.stderr
    assert value not in done.stderr
    assert not (workplace.folder / "runs").exists()


def test_the_line_that_holds_a_secret_is_named_and_not_shown(workplace):
    """A key that is named for a secret has a file and a line, and its value stays out of the message."""
    recipe = workplace.folder / "penguins.yaml"
    recipe.write_text(recipe.read_text() + "description: s3cr3t-of-environment\n")
    done = workplace.run("fit", "penguins.yaml", env={"MY_API_TOKEN": "s3cr3t-of-environment"})
    line = len(recipe.read_text().splitlines())
    assert done.returncode == 2
    assert f"penguins.yaml:{line}) holds" in done.stderr
    assert "s3cr3t" not in done.stderr
