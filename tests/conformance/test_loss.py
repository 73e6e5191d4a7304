"""The built-in losses pass the kit; losses that break the contract do not."""

from __future__ import annotations

import pytest

from ymltrain.api import NoParams
from ymltrain.builtin.loss.binary_cross_entropy import BinaryCrossEntropyLoss, BinaryCrossEntropyParams
from ymltrain.builtin.loss.cross_entropy import CrossEntropyLoss, CrossEntropyParams
from ymltrain.builtin.loss.huber import HuberLoss, HuberParams
from ymltrain.builtin.loss.mae import MaeLoss
from ymltrain.builtin.loss.mse import MseLoss
from ymltrain.builtin.loss.ordinal_cross_entropy import OrdinalCrossEntropyLoss
from ymltrain.builtin.loss.quantile import QuantileLoss, QuantileParams
from ymltrain.testing.loss import LossKit


class TestMse(LossKit):
    """`mse`."""

    def make(self):
        return MseLoss(NoParams())


class TestMae(LossKit):
    """`mae`."""

    def make(self):
        return MaeLoss(NoParams())


class TestHuber(LossKit):
    """`huber`."""

    def make(self):
        return HuberLoss(HuberParams(delta=0.5))


class TestCrossEntropy(LossKit):
    """`cross_entropy`."""

    def make(self):
        return CrossEntropyLoss(CrossEntropyParams(label_smoothing=0.1))


class Careless:
    """A gain that depends on the whole batch and that gradients lower the wrong way."""

    tasks = ("regression",)

    def build(self):
        return lambda output, target: (output.detach() + 0 * output - target).cosh().mean() * (output * 0 + len(target))


class Nameless(Careless):
    """Says of no task that it is for it."""

    tasks = ()


@pytest.mark.parametrize("check", [name for name in dir(LossKit) if name.startswith("test_")])
def test_each_check_finds_its_fault(check):
    """No check of the kit passes everything."""
    kit = LossKit()
    kit.make = Nameless if check == "test_it_names_its_tasks" else Careless
    with pytest.raises(AssertionError):
        getattr(kit, check)()


class TestBinaryCrossEntropy(LossKit):
    """Loss `binary_cross_entropy`."""

    def make(self):
        return BinaryCrossEntropyLoss(BinaryCrossEntropyParams(label_smoothing=0.1, focus=1.0))


class TestOrdinalCrossEntropy(LossKit):
    """Loss `ordinal_cross_entropy`."""

    def make(self):
        return OrdinalCrossEntropyLoss(NoParams())


class TestQuantile(LossKit):
    """Loss `quantile`."""

    def make(self):
        return QuantileLoss(QuantileParams(q=0.9))
