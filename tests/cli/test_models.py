"""The verbs of `models` and `registry` in one workspace: documents, exit codes, and what a person reads."""

import json
import shutil

import pytest

from ymltrain.cli.main import run


@pytest.fixture
def shop(trained, tmp_path, capsys):
    """`ymltrain` in a copy of the trained workspace, in this process: returns the document, or the text of a person."""
    folder = tmp_path / "shop"
    shutil.copytree(trained.folder, folder)

    def call(*arguments, exits=0):
        code = run([*map(str, arguments), "--workspace", str(folder)])
        captured = capsys.readouterr()
        assert code == exits, captured.err
        return json.loads(captured.out) if "--json" in arguments else captured.out

    call.folder = folder
    return call


def test_register_by_hand(shop):
    """A run's bundle can be registered again, and a bundle folder under another name."""
    again = shop("models", "register", "latest", "--model", "penguins", "--json")
    assert (again["version"], again["links"][0]["type"]) == (2, "run")
    bundle = shutil.copytree(next(shop.folder.glob("runs/*/*/bundle")), shop.folder / "elsewhere")
    other = shop("models", "register", bundle, "--model", "birds", "--json")
    assert (other["model"], other["version"], other["run_id"]) == ("birds", 1, None)
    assert [model["name"] for model in shop("models", "ls", "--json")] == ["birds", "penguins"]


def test_promote_and_roll_back(shop):
    """Promotion asks the recipe's gates or others, and exits 1 when one fails; rollback takes it back."""
    shop("models", "register", "latest", "--model", "penguins")
    moved = shop("models", "promote", "penguins@2", "--json")
    assert (moved["promoted"], moved["previous"]) == (True, 1)
    gate = "check=size,at_most=10"
    failed = shop("models", "promote", "penguins@1", "--gate", gate, "--json", exits=1)
    assert (failed["promoted"], failed["gates"][0]["metric"]) == (False, "size")
    asked = shop(
        "models", "promote", "penguins@1", "--alias", "canary", "--gate", "check=golden", "--gate", "check=latency,at_most=10000"
    )
    assert "canary → 1 by promotion" in asked
    assert "368 golden rows give what training made of them" in asked
    assert shop("models", "rollback", "penguins", "champion", "--reason", "wrong", "--json")["version"] == 1
    told = shop("models", "log", "penguins")
    assert "rolled champion back from 2 to 1: wrong" in told
    assert "failed  size" in told


def test_review_yank_tag(shop):
    """States, withdrawals, tags and notes are shown where a model is."""
    shop("models", "register", "latest", "--model", "penguins")
    assert shop("models", "review", "penguins@2", "approved", "--reason", "checked", "--json")["state"] == "approved"
    assert shop("models", "yank", "penguins@2", "--reason", "leak", "--json")["state"] == "yanked"
    assert shop("models", "yank", "penguins@2", "--reason", "none", "--undo", "--json")["state"] == "approved"
    shop("models", "tag", "penguins@2", "team=birds", "--note", "The second.")
    shown = shop("models", "show", "penguins")
    for told in ("approved", "The second.", "team=birds"):
        assert told in shown
    shop("models", "yank", "penguins@1", "--reason", "leak", exits=1)


def test_protect(shop):
    """A protected alias is not moved by hand without a reason."""
    shop("models", "alias", "penguins", "champion", "--protect")
    assert shop("models", "show", "penguins", "--json")["protected"] == ["champion"]
    shop("models", "alias", "penguins@1", "champion", exits=1)
    shop("models", "alias", "penguins@1", "champion", "--override", "on fire")
    shop("models", "alias", "penguins", "champion", "--unprotect")


def test_where_from_and_where_to(shop):
    """Lineage is a tree and a document; data leads to the versions made of it; a card tells all of it."""
    lineage = shop("models", "lineage", "penguins@champion", "--json")
    data = next(link["id"] for link in lineage["made_from"] if link["type"] == "data")
    assert [use["version"] for use in shop("models", "lineage", "--uses", data, "--json")["versions"]] == ["penguins@1"]
    assert "├─ data" in shop("models", "lineage", "penguins@1")
    card = shop("models", "card", "penguins@champion")
    for told in ("library_name: ymltrain", "## Limits", "## Registry", "Aliases: `champion`", data):
        assert told in card


def test_as_it_was_before_the_first(shop):
    """At a time before it was registered there is no model."""
    shop("models", "log", "penguins", "--at", "2020-01-01", exits=2)
    assert len(shop("models", "log", "penguins", "--at", "2999-01-01", "--json")["versions"]) == 1
    shop("models", "log", "penguins", "--at", "yesterday", exits=2)


def test_diff(shop):
    """Two versions of one bundle differ in nothing; with other weights the tensors are listed."""
    shop("fit", shop.folder / "penguins.yaml", "optimizer.lr=0.05")
    same = shop("models", "diff", "penguins@1", "penguins@1", "--json")
    assert (same["differences"], {layer["distance"] for layer in same["weights"]}) == ([], {0.0})
    found = shop("models", "diff", "penguins@1", "penguins@2", "--json")
    assert {"digests", "params", "origin"} <= {difference["part"] for difference in found["differences"]}
    assert any(difference["what"] == "optimizer.lr" for difference in found["differences"])
    assert any(layer["distance"] > 0 for layer in found["weights"])
    assert "relative" in shop("models", "diff", "penguins@1", "penguins@2")


def test_verify_fsck_gc(shop):
    """Damage exits 5 and is named; a repair finds the content in the run; nothing is collected that is used."""
    assert shop("models", "verify", "--json")["identical"] is True
    blob = max((shop.folder / "registry/blobs/sha256").glob("*/*"), key=lambda path: path.stat().st_size)
    blob.write_bytes(b"damaged")
    for arguments in (("verify",), ("verify", "penguins"), ("verify", "penguins@1"), ("fsck",)):
        damage = shop("models", *arguments, "--json", exits=5)["damage"]
        assert [entry["key"].rpartition("/")[2] for entry in damage] == [blob.name]
    assert "repaired" in shop("models", "fsck", "--repair")
    assert "all as they were written" in shop("models", "verify")
    assert shop("models", "gc", "--json")["unused"] == []
    assert "0 deleted" in shop("models", "gc", "--delete", "--grace", "0")


def test_copies(shop, tmp_path):
    """A version goes to a folder, a model with its history to another registry and back."""
    shop("models", "pull", "penguins@champion", "-o", tmp_path / "bundle")
    assert (tmp_path / "bundle" / "contract.json").is_file()
    assert shop("models", "push", "penguins", "--to", tmp_path / "other", "--json")["events"] == 2
    assert "nothing to copy" in shop("models", "pull", "penguins", "--from", tmp_path / "other")
    assert shop("models", "show", "penguins", "--registry", tmp_path / "other", "--json") == shop(
        "models", "show", "penguins", "--json"
    )
    shop("models", "pull", "penguins", exits=2)


def test_begin_and_upgrade(shop, tmp_path):
    """A registry begins by hand; the present format needs no upgrade; a store that is not known is refused."""
    begun = shop("registry", "init", "--registry", tmp_path / "new", "--json")
    assert (begun["version"], begun["features"]) == (2, [])
    assert shop("registry", "upgrade", "--json") == {"registry": str(shop.folder / "registry"), "was": 2, "is": 2}
    shop("registry", "upgrade", "--registry", tmp_path / "none", exits=2)
    shop("registry", "init", "--registry", "gs://bucket/models", exits=2)
