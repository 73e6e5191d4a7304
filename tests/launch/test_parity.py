"""One process, two of them, and sharded ones learn the same."""

import json

import pytest

from tests.workplace import TINY_TRANSFORMER, Workplace


def parity(place, *arguments):
    """`ymltrain parity` on the small recipe: its exit code and its document."""
    done = place.run("parity", "penguins.yaml", "--json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)


def test_single_ddp_and_fsdp_take_the_same_steps(place):
    """Losses, gradient norms and weights agree to 1e-5; batches are uneven, and the last one of an epoch has two rows."""
    code, found = parity(place, "trainer.batch_size=15", "--steps", "10", "trainer.accumulate_grad_batches=2")
    assert code == 0
    assert found["is_equal"]
    assert found["strategies"] == ["single", "ddp", "fsdp"]
    assert len(found["steps"]) == 10
    assert all(one["loss"] <= 1e-5 and one["weight"] <= 1e-5 for one in found["differences"].values())
    losses = [step["loss"]["single"] for step in found["steps"]]
    assert losses[-1] < losses[0]


@pytest.mark.slow
def test_what_differs_is_said(place):
    """BatchNorm sees half of the rows on each of two devices: the comparison fails."""
    code, found = parity(place, "model.norm=batch", "--strategy", "single", "--strategy", "ddp")
    assert code == 1
    assert not found["is_equal"]
    assert found["differences"]["ddp"]["loss"] > 1e-3


TEXTS = f"""\
{TINY_TRANSFORMER}trainer: {{batch_size: 15, accumulate_grad_batches: 2, gradient_clip_val: 1.0}}
compute: {{accelerator: cpu}}
"""


def test_a_transformer_takes_the_same_steps(tmp_path):
    """Single, ddp and fsdp agree to 1e-5, past the end of an epoch: its last batch is uneven, and its last window ends early."""
    (tmp_path / "texts.yaml").write_text(TEXTS)
    found = Workplace(tmp_path).document("parity", "texts.yaml", "--steps", "8", env={"OMP_NUM_THREADS": "1"})
    assert found["is_equal"]
    assert found["strategies"] == ["single", "ddp", "fsdp"]
    assert len(found["steps"]) == 8
    assert all(max(one["loss"], one["grad_norm"], one["weight"]) <= 1e-5 for one in found["differences"].values())
    losses = [step["loss"]["single"] for step in found["steps"]]
    assert losses[-1] < losses[0]
