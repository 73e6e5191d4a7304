"""A run that was stopped goes on: after its time limit, and under another strategy or number of processes."""

import pytest


def test_the_end_of_the_time_limit_is_a_preemption(place):
    """It stops at a step, says so with 75, and goes on when it is resumed without the limit."""
    one = ("strategy=single", "compute.devices=1", "trainer.max_epochs=40")
    document, _ = place.fit(*one, "compute.time_limit=0.2s", exits=75)
    assert document["status"] == "preempted"
    result, errors = place.fit(*one, "--resume")
    assert result["status"] == "done"
    assert result["resumed_from"] is not None
    assert "changed, safe: compute.time_limit: '0.2s' → None" in errors


@pytest.mark.slow
@pytest.mark.parametrize(("began", "goes_on"), [("ddp", "fsdp"), ("fsdp", "single")])
def test_a_run_goes_on_under_another_strategy(place, whole, began, goes_on):
    """The checkpoint of one is read by the other; without dropout the result is that of an uninterrupted run to tolerance."""
    settings = ("model.dropout=0", "trainer.weights=last")
    place.fit(f"strategy={began}", *settings, place.fault("terminate", 9), exits=75)
    devices = 1 if goes_on == "single" else 2
    result, errors = place.fit(
        f"strategy={goes_on}", f"compute.devices={devices}", *settings, place.fault("terminate", 9), "--resume"
    )
    assert "to float tolerance, not to the bit" in errors
    assert result["status"] == "done"
    expected, _ = place.fit("strategy=single", "compute.devices=1", *settings, "name=uninterrupted")
    for name, value in expected["metrics"].items():
        assert result["metrics"][name] == pytest.approx(value, abs=1e-5)


@pytest.mark.slow
def test_checkpoints_in_the_background_lose_nothing(place, whole):
    """Written while training goes on, they are what a killed run resumes from, to the same bits."""
    background = "trainer.checkpoint.in_background=true"
    result, _ = place.fit("strategy=ddp", background, "compute.max_restarts=1", place.fault("kill", 14))
    assert result["tensor_digest"] == whole("ddp")["tensor_digest"]
