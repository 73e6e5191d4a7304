"""What may change of a recipe while its run goes on."""

import pytest

from ymltrain.fit.changes import Verdict, find_changes

from .conftest import KILLER
from .test_kill import die_at


@pytest.mark.parametrize(
    ("path", "verdict"),
    [
        ("compute.devices", Verdict.SAFE),
        ("strategy.type", Verdict.SAFE),
        ("trainer.checkpoint.keep", Verdict.SAFE),
        ("trainer.max_epochs", Verdict.FORCE),
        ("optimizer.lr", Verdict.FORCE),
        ("optimizer.type", Verdict.REFUSED),
        ("trainer.batch_size", Verdict.REFUSED),
        ("model.hidden", Verdict.REFUSED),
        ("seed", Verdict.REFUSED),
        ("strategyx", Verdict.REFUSED),
    ],
)
def test_each_change_has_its_class(path, verdict):
    """The same weights, other weights from the same state, or a state that means nothing any more."""
    was, now = {}, {}
    for document, value in ((was, 1), (now, 2)):
        inner = document
        *above, last = path.split(".")
        for key in above:
            inner = inner.setdefault(key, {})
        inner[last] = value
    (change,) = find_changes(was, now)
    assert (change.path, change.verdict) == (path, verdict)


def test_safe_and_forced_changes_go_on_from_the_checkpoint(workplace):
    """A tracker may go, the lr with --force; the plans that the run went by before are kept, and their checkpoints read."""
    die_at(workplace, "metrics", 20)
    workplace.recipe.write_text(workplace.recipe.read_text().partition("tracker:")[0])
    result = workplace.fit("optimizer.lr=3e-2", "--resume", "--force", "--plugin", KILLER)
    assert result["status"] == "done"
    assert result["resumed_from"] is not None
    (run,) = workplace.runs()
    assert [path.name for path in (run / "plans").iterdir()] == ["1.json"]
    assert "lr: 0.03" in (run / "resolved.yaml").read_text()


def test_what_the_state_means_nothing_to_is_refused(workplace):
    """--force does not help against another model."""
    die_at(workplace, "metrics", 1)
    done = workplace.run("fit", "penguins.yaml", "model.hidden=[8]", "--resume", "--force", "--plugin", KILLER)
    assert done.returncode == 2
    assert "refused: model.hidden: [16] → [8]" in done.stderr
