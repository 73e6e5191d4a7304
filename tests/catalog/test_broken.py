"""One broken plugin breaks what names it, and nothing else."""

import json
import os
import subprocess
import sys

import pytest

from ymltrain.catalog.catalog import Catalog
from ymltrain.compiler.schemas import recipe_schema
from ymltrain.diagnostics import PluginError

from .conftest import PLUGIN

WRONG = {
    "newer": ({"api": "[ymltrain.api]\nv2 = ymltrain.api\n", "code": "raise SystemError('imported')"}, "YT515", "update ymltrain"),
    "muddled": ({"api": "[ymltrain.api]\nlatest = ymltrain.api\n"}, "YT515", "like v1"),
    "fails": ({"code": "import no_such_library"}, "YT506", "update strange-fails"),
    "ends": ({"code": "raise SystemExit(0)"}, "YT506", "update strange-ends"),
    "unmarked": ({"code": "class Schedule:\n    factor = None\n"}, "YT507", "authors of strange-unmarked"),
    "partial": ({"code": PLUGIN.replace("factor", "share")}, "YT507", "authors"),
    "misnamed": ({"code": PLUGIN.replace("{name}", "other")}, "YT507", "authors"),
    "misplaced": ({"kind": "loss"}, "YT507", "authors"),
    "owning": (
        {
            "code": PLUGIN.replace('"{name}"', '"{name}", params=P').replace(
                "import plugin", "import Params, plugin\nclass P(Params, frozen=True):\n    type: int = 1\n"
            )
        },
        "YT507",
        "authors",
    ),
    "shapeless": (
        {
            "code": PLUGIN.replace('"{name}"', '"{name}", params=P').replace(
                "import plugin", "import Params, plugin\nclass P(Params, frozen=True):\n    x: complex = 1j\n"
            )
        },
        "YT507",
        "authors",
    ),
}
RECIPE = "recipe: 1\nname: x\ndatasource: a.csv\ntarget: {column: y, type: number}\nfeatures: {a: number}\nmodel: linear\n"


@pytest.mark.parametrize("name", WRONG)
def test_it_is_refused_by_name(installed, name):
    """What was built for another API, fails to import or breaks its contract is said with its distribution and a remedy."""
    arguments, code, hint = WRONG[name]
    installed.add(name, **arguments)
    with pytest.raises(PluginError) as caught:
        Catalog.installed().load(arguments.get("kind", "lr_scheduler"), name)
    assert caught.value.code == code
    assert f'"{name}" of strange-{name} 1.0' in caught.value.message
    assert hint in caught.value.hint


def test_code_for_another_api_is_not_imported(installed):
    """A distribution says in its metadata what it was built for, so nothing of it runs."""
    installed.add("newer", code="raise SystemExit('imported')", api="[ymltrain.api]\nv2 = ymltrain.api\n")
    with pytest.raises(PluginError, match="built for plugin API 2; this ymltrain has 1"):
        Catalog.installed().load("lr_scheduler", "newer")
    assert "strange_newer" not in sys.modules


@pytest.mark.parametrize(
    "api", ["", "[ymltrain.api]\nv1 = ymltrain.api\n", "[ymltrain.api]\nv1 = ymltrain.api\nv2 = ymltrain.api\n"]
)
def test_what_was_built_for_this_api_too_is_loaded(installed, api):
    """One of several versions is enough, and a distribution that says nothing was built for the first."""
    installed.add("sound", api=api)
    assert Catalog.installed().load("lr_scheduler", "sound").entry.source.distribution == "strange-sound"


def test_others_are_found_loaded_and_described(installed):
    """With all that can be wrong installed at once, every other plugin loads, and the schema of recipes has them."""
    for name, (arguments, _, _) in WRONG.items():
        installed.add(name, **arguments)
    installed.add("sound")
    catalog = Catalog.installed()
    broken = {plugin.entry.name for plugin in catalog.load_all() if hasattr(plugin, "error")}
    assert broken == set(WRONG)
    schedules = recipe_schema(catalog)["$defs"]["lr_scheduler node"]["anyOf"][0]["enum"]
    assert {"sound", "cosine"} <= set(schedules)
    assert not set(WRONG) & set(schedules)


@pytest.mark.parametrize(
    "damage",
    [
        {"points": "[ymltrain.lr_scheduler\nno section"},
        {"points": "no = section\n"},
        {"points": "[ymltrain.lr_scheduler]\nno value\n"},
        {"metadata": ""},
        {"metadata": "\0\0"},
    ],
)
def test_damaged_metadata_hides_no_other_plugin(installed, damage):
    """A distribution that was half installed or half removed is passed over, or listed by what there is of it."""
    installed.add("damaged", **damage)
    installed.add("sound")
    catalog = Catalog.installed()
    assert catalog.load("lr_scheduler", "sound")
    assert catalog.load("model", "mlp")


def ymltrain(installed, *arguments):
    """A command that sees what is installed there."""
    environment = {**os.environ, "PYTHONPATH": str(installed.folder)}
    command = [sys.executable, "-m", "ymltrain", *arguments]
    return subprocess.run(command, cwd=installed.folder, env=environment, capture_output=True, text=True, check=False, timeout=100)


def test_the_command_line_lists_and_judges(installed):
    """`plugins ls` imports nothing and lists all; `--check` says which are broken and why, and exits 2."""
    installed.add("fails", code="import no_such_library")
    installed.add("newer", api="[ymltrain.api]\nv2 = ymltrain.api\n")
    listed = ymltrain(installed, "plugins", "ls", "lr_scheduler")
    assert listed.returncode == 0
    assert "fails" in listed.stdout
    assert listed.stderr == ""
    checked = ymltrain(installed, "plugins", "ls", "lr_scheduler", "--check")
    assert checked.returncode == 2
    assert "No module named 'no_such_library'" in checked.stderr
    document = {one["name"]: one for one in json.loads(ymltrain(installed, "plugins", "ls", "--check", "--json").stdout)}
    assert [name for name, one in document.items() if not one["ok"]] == ["fails", "newer"]
    assert document["newer"]["problem"]["code"] == "YT515"
    assert document["cosine"]["problem"] is None


def test_a_recipe_that_names_no_broken_plugin_is_not_touched(installed):
    """The same recipe is sound, and the one that names the broken plugin ends at the line that does."""
    installed.add("fails", code="import no_such_library")
    (installed.folder / "recipe.yaml").write_text(RECIPE)
    sound = ymltrain(installed, "check", "recipe.yaml", "--no-data")
    assert (sound.returncode, sound.stderr) == (0, "recipe.yaml: ok\n")
    (installed.folder / "recipe.yaml").write_text(RECIPE + "lr_scheduler: fails\n")
    broken = ymltrain(installed, "check", "recipe.yaml", "--no-data")
    assert broken.returncode == 2
    assert "recipe.yaml:7:15 error[YT506]" in broken.stderr
    assert "strange-fails 1.0 cannot be imported" in broken.stderr


def test_the_schema_of_recipes_tells_what_it_leaves_out(installed):
    """`ymltrain schema` writes the schema of all that is sound, and says to the person what is broken."""
    installed.add("fails", code="import no_such_library")
    installed.add("sound")
    done = ymltrain(installed, "schema")
    assert done.returncode == 0
    assert "sound" in json.loads(done.stdout)["$defs"]["lr_scheduler node"]["anyOf"][0]["enum"]
    assert "broken[YT506]" in done.stderr
