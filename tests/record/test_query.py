from __future__ import annotations

import pytest

from ymltrain.diagnostics import UsageError
from ymltrain.record.query import column_value, parse_filter, sort_runs


def summary(run_id, status="done", rmse=1.0, **params):
    """A run as the index has it."""
    return {
        "run_id": run_id,
        "name": "toy",
        "status": status,
        "duration": 2.0,
        "archived": False,
        "metrics": {"val/rmse": rmse},
        "params": {"model.type": "mlp", "optimizer.lr": 0.1, **params},
        "tags": {"kept": "yes"},
        "watch": "val/rmse",
        "goals": {"val/rmse": "minimize"},
        "best_epoch": 3,
        "aggregates": {
            "val/rmse": {"min": 0.5, "min_step": 40, "min_epoch": 4, "max": 2.0, "last": 1.0, "first": 2.0, "mean": 1.1}
        },
    }


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("metrics.val/rmse<600", True),
        ("metrics.val/rmse < 0.5", False),
        ("metrics.val/rmse<600 and params.model.type=mlp", True),
        ("metrics.val/rmse<600 and params.model.type=linear", False),
        ("status=failed or tags.kept=yes", True),
        ("not status = failed", True),
        ("not (status=done and tags.kept=yes)", False),
        ("params.optimizer.lr >= 1e-1", True),
        ("params.model=mlp", True),
        ("name ~ TO", True),
        ("params.absent=null", True),
        ("params.absent>3", False),
        ("status != done", False),
        ("tags.kept='yes'", True),
        ("min:val/rmse<0.6", True),
        ("metrics.val/rmse=1", True),
    ],
)
def test_filters(text, holds):
    """Comparisons of numbers and texts, joined and turned round, over metrics, params, tags and a run's own fields."""
    assert parse_filter(text)(summary("A")) is holds


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("metrics.val/rmse<", "YT843"),
        ("", "YT843"),
        ("status=done status=done", "YT843"),
        ("(status=done", "YT843"),
        ("statos=done", "YT844"),
    ],
)
def test_what_cannot_be_read_is_named(text, code):
    """A filter with a mistake is an error with a code, never a filter that lets everything through."""
    with pytest.raises(UsageError) as caught:
        parse_filter(text)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("val/rmse", 1.0),
        ("metrics.val/rmse", 1.0),
        ("min:val/rmse", 0.5),
        ("min:val/rmse@step", 40),
        ("best:val/rmse", 0.5),
        ("best@epoch", 3),
        ("best@step", 40),
        ("last:val/rmse", 1.0),
        ("params.optimizer.lr", 0.1),
        ("optimizer.lr", 0.1),
        ("tags.kept", "yes"),
        ("status", "done"),
        ("max:absent", None),
    ],
)
def test_columns(column, value):
    """A column is a field, a bare metric or param, or an aggregate with the place where it was."""
    assert column_value(summary("A"), column) == value


def test_sorting_leaves_runs_without_a_value_last():
    """Lowest first, or turned round; whoever lacks the value comes last either way."""
    runs = [summary("A", rmse=2.0), summary("B", rmse=None), summary("C", rmse=1.0)]
    assert [run["run_id"] for run in sort_runs(runs, "val/rmse")] == ["C", "A", "B"]
    assert [run["run_id"] for run in sort_runs(runs, "-val/rmse")] == ["A", "C", "B"]
