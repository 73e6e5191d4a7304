"""The built-in metrics pass the kit; metrics that break the contract do not."""

from __future__ import annotations

import pytest
import torchmetrics

from ymltrain.api import NoParams
from ymltrain.builtin.metric.accuracy import AccuracyMetric, AccuracyParams
from ymltrain.builtin.metric.auc import AucMetric, AucParams
from ymltrain.builtin.metric.average_precision import AveragePrecisionMetric, AveragePrecisionParams
from ymltrain.builtin.metric.bits_per_byte import BitsPerByteMetric
from ymltrain.builtin.metric.brier import BrierMetric
from ymltrain.builtin.metric.calibration_error import CalibrationErrorMetric, CalibrationErrorParams
from ymltrain.builtin.metric.f1 import F1Metric, F1Params
from ymltrain.builtin.metric.kappa import KappaMetric
from ymltrain.builtin.metric.log_loss import LogLossMetric
from ymltrain.builtin.metric.mae import MaeMetric
from ymltrain.builtin.metric.mape import MapeMetric
from ymltrain.builtin.metric.mse import MseMetric
from ymltrain.builtin.metric.perplexity import PerplexityMetric
from ymltrain.builtin.metric.pinball import PinballMetric, PinballParams
from ymltrain.builtin.metric.precision import PrecisionMetric, PrecisionParams
from ymltrain.builtin.metric.r2 import R2Metric
from ymltrain.builtin.metric.rank_error import RankErrorMetric
from ymltrain.builtin.metric.recall import RecallMetric, RecallParams
from ymltrain.builtin.metric.rmse import RmseMetric
from ymltrain.testing.metric import MetricKit


class TestAccuracy(MetricKit):
    """`accuracy`."""

    def make(self):
        return AccuracyMetric(AccuracyParams())


class TestBitsPerByte(MetricKit):
    """`bits_per_byte`."""

    def make(self):
        return BitsPerByteMetric(NoParams())


class TestPerplexity(MetricKit):
    """`perplexity`."""

    def make(self):
        return PerplexityMetric(NoParams())


class TestF1(MetricKit):
    """`f1`."""

    def make(self):
        return F1Metric(F1Params())


class TestPrecision(MetricKit):
    """`precision`."""

    def make(self):
        return PrecisionMetric(PrecisionParams(average="weighted"))


class TestRecall(MetricKit):
    """`recall`."""

    def make(self):
        return RecallMetric(RecallParams())


class TestRmse(MetricKit):
    """`rmse`."""

    def make(self):
        return RmseMetric(NoParams())


class TestMse(MetricKit):
    """`mse`."""

    def make(self):
        return MseMetric(NoParams())


class TestMae(MetricKit):
    """`mae`."""

    def make(self):
        return MaeMetric(NoParams())


class TestMape(MetricKit):
    """`mape`."""

    def make(self):
        return MapeMetric(NoParams())


class TestR2(MetricKit):
    """`r2`."""

    def make(self):
        return R2Metric(NoParams())


class Careless:
    """Its goal is on the wrong side, it keeps the last batch only, and one instance serves all evaluations."""

    tasks = ("regression",)
    goal = "maximize"

    def __init__(self):
        self._shared = torchmetrics.MeanMetric()

    def build(self, output):
        shared = self._shared

        class LastBatch(torchmetrics.Metric):
            def update(self, prediction, target):
                shared.update((prediction - target).abs().sum())

            def compute(self):
                return shared.compute()

        return LastBatch()


class Nameless(Careless):
    """Says of no task that it is for it."""

    tasks = ()


@pytest.mark.parametrize("check", [name for name in dir(MetricKit) if name.startswith("test_")])
def test_each_check_finds_its_fault(check):
    """No check of the kit passes everything."""
    kit = MetricKit()
    kit.make = Nameless if check == "test_it_says_what_it_is_for" else Careless
    with pytest.raises(AssertionError):
        getattr(kit, check)()


class TestAuc(MetricKit):
    """Metric `auc`."""

    def make(self):
        return AucMetric(AucParams())


class TestAveragePrecision(MetricKit):
    """Metric `average_precision`."""

    def make(self):
        return AveragePrecisionMetric(AveragePrecisionParams())


class TestBrier(MetricKit):
    """Metric `brier`."""

    def make(self):
        return BrierMetric(NoParams())


class TestCalibrationError(MetricKit):
    """Metric `calibration_error`."""

    def make(self):
        return CalibrationErrorMetric(CalibrationErrorParams())


class TestKappa(MetricKit):
    """Metric `kappa`."""

    def make(self):
        return KappaMetric(NoParams())


class TestLogLoss(MetricKit):
    """Metric `log_loss`."""

    def make(self):
        return LogLossMetric(NoParams())


class TestPinball(MetricKit):
    """Metric `pinball`."""

    def make(self):
        return PinballMetric(PinballParams(q=0.9))


class TestRankError(MetricKit):
    """Metric `rank_error`."""

    def make(self):
        return RankErrorMetric(NoParams())
