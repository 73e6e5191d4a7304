"""What a table's model survives, a transformer does too: sharded by its blocks, its embedding read twice, windows that end early."""

import signal

import pytest

from .test_faults import assert_same

pytestmark = pytest.mark.slow

ONE = ("strategy=single", "compute.devices=1")


@pytest.mark.parametrize("strategy", ["ddp", "fsdp"])
def test_a_killed_rank_is_replaced(texts, whole, strategy):
    """All workers are started anew from the newest checkpoint; no bit differs from a run without accident."""
    result, errors = texts.fit(f"strategy={strategy}", "compute.max_restarts=1", texts.fault("kill", 17))
    assert "was killed by SIGKILL; restart 1 of 1" in errors
    assert_same(result, whole(strategy, "texts"))


@pytest.mark.parametrize("strategy", ["single", "ddp", "fsdp"])
def test_all_killed_at_once_goes_on_bit_equal(texts, whole, strategy):
    """Every process of the run dies in the middle of an epoch, and resuming gives the very same weights."""
    where = ONE if strategy == "single" else (f"strategy={strategy}",)
    fault = texts.fault("kill", 17, rank=0) if strategy == "single" else texts.fault("kill_all", 17)
    process = texts.start(*where, fault)
    process.communicate(timeout=200)
    assert process.returncode == -signal.SIGKILL
    result, _ = texts.fit(*where, fault, "--resume")
    assert result["resumed_from"] is not None
    assert_same(result, whole(strategy, "texts"))


@pytest.mark.parametrize(("began", "goes_on"), [("single", "ddp"), ("ddp", "fsdp"), ("fsdp", "single")])
def test_a_run_goes_on_under_another_strategy(texts, began, goes_on):
    """A checkpoint of one is read by the other; without dropout the result is the uninterrupted run's, to float tolerance."""
    settings = ("model.dropout=0", "trainer.weights=last", texts.fault("terminate", 9, rank=0))
    strategies = {"single": ONE, "ddp": ("strategy=ddp",), "fsdp": ("strategy=fsdp",)}
    texts.fit(*strategies[began], *settings, exits=75)
    result, errors = texts.fit(*strategies[goes_on], *settings, "--resume")
    assert "to float tolerance, not to the bit" in errors
    expected, _ = texts.fit(*ONE, *settings, "name=uninterrupted")
    for name, value in expected["metrics"].items():
        assert result["metrics"][name] == pytest.approx(value, rel=1e-5)
