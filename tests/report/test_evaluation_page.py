"""The page of an evaluation: what it says, and how it looks on a phone and by night."""

from __future__ import annotations

import numpy as np
import pytest

from ymltrain.builtin.metric.accuracy import AccuracyMetric, AccuracyParams
from ymltrain.builtin.metric.mae import MaeMetric
from ymltrain.evaluation.assess import About, Scored, assess
from ymltrain.evaluation.bootstrap import Draws
from ymltrain.evaluation.slices import Slice
from ymltrain.kinds import NoParams
from ymltrain.plan.shapes import OutputShape
from ymltrain.record.evaluation import encode_evaluation, read_evaluation
from ymltrain.report.evaluation import write_evaluation
from ymltrain.report.html import render_page
from ymltrain.report.pages.evaluation import evaluation_page

HOSTILE = "<img src=x onerror=alert(1)>"
ROWS = 400


def evaluation(task):
    """Of a number or of three classes, one with a hostile name, in two slices of which one is small."""
    random = np.random.default_rng(1)
    if task == "regression":
        truth = random.normal(size=ROWS) * 100
        scored = Scored(OutputShape(task="regression", width=1), (), truth + random.normal(size=ROWS), truth, {"mean": truth * 0})
        metrics = {"mae": MaeMetric(NoParams())}
    else:
        truth = random.integers(0, 3, ROWS)
        predicted = random.dirichlet([1, 1, 1], ROWS) * 0.5 + np.eye(3)[truth] * 0.5
        shares = np.full((ROWS, 3), 1 / 3)
        output = OutputShape(task="classification", width=3)
        scored = Scored(output, ("a", HOSTILE, "c"), predicted, truth, {"majority": shares, "linear": predicted})
        metrics = {"accuracy": AccuracyMetric(AccuracyParams())}
    slices = [Slice(HOSTILE, "big & small", "value", np.arange(20, ROWS)), Slice(HOSTILE, "few", "value", np.arange(20))]
    return assess(scored, metrics, slices, Draws(0.95, 100, 0), About("price@1", "sha256:" + "0" * 64, "all", "y"))


def test_the_document_is_read_back(tmp_path):
    """What is written is what was found, in the same order."""
    found = evaluation("classification")
    (tmp_path / "evaluation.json").write_bytes(encode_evaluation(found))
    assert read_evaluation(tmp_path) == found
    assert list(read_evaluation(tmp_path).baselines) == ["majority", "linear"]
    assert read_evaluation(tmp_path / "nowhere") is None


@pytest.mark.parametrize("task", ["regression", "classification"])
def test_names_of_the_data_are_escaped(task):
    """A class or a column that is called like markup is shown as its name."""
    page = render_page(evaluation_page(evaluation(task)))
    assert "<img" not in page.replace("<image", "").split("<script>")[0]
    assert "&lt;img src=x onerror=alert(1)&gt;" in page


@pytest.mark.services
@pytest.mark.parametrize("task", ["regression", "classification"])
@pytest.mark.parametrize("is_phone", [False, True])
def test_the_page_in_a_browser(open_page, tmp_path, task, is_phone):
    """Figures, slices and charts are drawn on a desk by day and on a phone by night, and nothing is wider than the screen."""
    write_evaluation(tmp_path / "page.html", evaluation(task))
    page = open_page(tmp_path / "page.html", dark=is_phone, phone=is_phone)
    assert page.get_by_role("heading", name="Evaluation of price@1").is_visible()
    wanted = {"regression": ["Residuals", "Residuals by prediction"], "classification": ["Truth (down) and prediction (across)"]}
    for title in ["Calibration", *wanted[task]]:
        chart = page.get_by_role("img", name=title, exact=True)
        assert chart.get_attribute("data-drawn") == "yes"
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if task == "classification":
        assert page.locator(".heatmaplayer text", has_text="<img").count() or page.get_by_text(HOSTILE[:10]).count()
    assert page.locator("td .warn", has_text="20").first.is_visible()
