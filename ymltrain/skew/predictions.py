"""Numeric skew: predictions as served against what the network makes of the same features."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.skew.causes.evidence import Cause, Guess, Tolerance
from ymltrain.skew.causes.numbers import Numbers, explain_numbers
from ymltrain.skew.causes.stale import Everything, explain_shifted
from ymltrain.skew.findings import Finding
from ymltrain.skew.outputs import class_names, is_labelled, is_tie, known_labels, predictions_of
from ymltrain.skew.records import Floats, Mask
from ymltrain.skew.replay import Replayed, pack, run_network
from ymltrain.skew.statistics import smallest_seen_share

RELATIVE = 1e-5
EVIDENCE_ROWS = 8
PRECISIONS = ("bfloat16", "float16")


def prediction_findings(replayed: Replayed, scan: Callable[[], Floats]) -> Iterator[Finding]:
    """A finding when served predictions are not the network's. `scan` gives the expected predictions of the whole log."""
    served = replayed.sample.field("prediction")
    if served is None:
        return
    if is_labelled(replayed.predictor.target):
        yield from _labels(replayed, served.cast(pl.String))
    else:
        yield from _numbers(replayed, served.cast(pl.Float64, strict=False), scan)


def expected_predictions(replayed: Replayed) -> pl.Series:
    """What the network makes of the features as served."""
    return predictions_of(replayed.predictor, replayed.output)


def _numbers(replayed: Replayed, column: pl.Series, scan: Callable[[], Floats]) -> Iterator[Finding]:
    expected = expected_predictions(replayed).to_numpy().astype(np.float64)
    served = column.to_numpy().astype(np.float64)
    logged = (column.is_not_null() | _was_written(replayed)).to_numpy() & replayed.judged
    spread = float(np.std(expected)) or 1.0
    tolerance = Tolerance(atol=RELATIVE * spread, rtol=RELATIVE)
    differs = (
        ~tolerance.equal(served, expected) & logged & np.isfinite(expected) & ~_is_of_right_features(replayed, served, tolerance)
    )
    if not differs.any():
        return
    rows = np.flatnonzero(differs)
    cause = _number_cause(replayed, rows, (served, expected, differs), tolerance, scan)
    change = np.abs(served[rows] - expected[rows])
    yield _finding(replayed, rows, int(logged.sum()), cause, (served, expected), float(np.nanmean(change)) / spread)


def _is_of_right_features(replayed: Replayed, served: Floats, tolerance: Tolerance) -> Mask:
    """Records whose features were logged wrongly and whose prediction was made of the right ones: a transform fault alone."""
    if not replayed.has_features:
        return np.zeros(served.size, bool)
    right = replayed.predictor.decode(replayed.output_expected).get_column("prediction").to_numpy().astype(np.float64)
    wrong_features = np.any(list(replayed.differs.values()), axis=0)
    return np.asarray(wrong_features & tolerance.equal(served, right))


def _was_written(replayed: Replayed) -> pl.Series:
    """Records beside which others have a prediction: one that is null there was lost."""
    served = replayed.sample.field("prediction")
    assert served is not None
    return pl.Series(np.full(served.len(), served.null_count() < 0.5 * served.len()))


def _number_cause(
    replayed: Replayed,
    rows: npt.NDArray[np.int64],
    values: tuple[Floats, Floats, Mask],
    tolerance: Tolerance,
    scan: Callable[[], Floats],
) -> Cause:
    served, expected, differs = values
    if np.isnan(served[rows]).all():
        return Cause("dropped_value", "no prediction was served", 1.0)

    def same(found: Floats) -> Floats:
        return found

    output = replayed.output[:, 0].astype(np.float64)
    extra = [
        Guess("target_not_decoded", "the network's output was served without decoding the target", output[rows], 1, {}, needs=2)
    ]
    found = explain_numbers(
        Numbers(expected[rows], expected[rows], served[rows], same, same, tolerance, expected[~differs]), iter(extra)
    )
    if found is not None:
        return _for_predictions(found)
    if rows.size >= 3:
        shifted = explain_shifted(Everything(scan()), replayed.sample.rows[rows], served[rows], tolerance)
        if shifted is not None:
            return shifted
    return _network_cause(replayed, rows, served[rows], expected[rows])


def _for_predictions(cause: Cause) -> Cause:
    """The same cause in the words of predictions."""
    names = {"extra_transform": "target_not_decoded", "default_fill": "default_prediction"}
    words = cause.words.replace("the training mean, as for a missing value", "0").replace("the value", "the prediction")
    return Cause(names.get(cause.name, cause.name), words, cause.explained, cause.parameters, cause.alternatives)


def _network_cause(replayed: Replayed, rows: npt.NDArray[np.int64], served: Floats, expected: Floats) -> Cause:
    """Whether a network of lower precision, or with dropout on, comes nearer to what was served."""
    away = float(np.median(np.abs(served - expected)))
    for precision in PRECISIONS:
        for part in ("weights", "network"):
            near = float(np.median(np.abs(_with_precision(replayed, rows, precision, part) - served)))
            if near < 0.3 * away:
                words = f"the {part} ran in {precision}"
                return Cause("narrower_dtype", words, 1.0, {"dtype": precision, "of": part})
    dropout = _with_dropout(replayed, rows)
    if dropout is not None and dropout.any():
        ratio = float(np.sqrt(np.mean((served - expected) ** 2) / np.mean(dropout**2)))
        if 0.3 < ratio < 3:
            return Cause(
                "dropout_active", "they scatter as with dropout left on", 1.0, {"ratio": round(ratio, 3)}, ("other_weights",)
            )
    relative = away / (float(np.std(expected)) or 1.0)
    words = f"they are not of these weights, and differ by {relative:.3g} of their spread"
    return Cause("other_weights", words, 0.0, {"median_difference": away}, ("lower_precision", "dropout_active"))


def _with_precision(replayed: Replayed, rows: npt.NDArray[np.int64], precision: str, part: str) -> Floats:
    """Predictions of the network with rounded weights, or run in that precision altogether."""
    import torch

    dtype = getattr(torch, precision)
    network = copy.deepcopy(replayed.predictor.network).to(dtype)
    if part == "weights":
        network = network.to(torch.float32)
    packed = pack(replayed.predictor, {name: values[rows] for name, values in _features(replayed).items()})
    tensors = {kind: torch.from_numpy(array) for kind, array in packed.items()}
    if part == "network":
        tensors = {kind: tensor.to(dtype) if tensor.is_floating_point() else tensor for kind, tensor in tensors.items()}
    try:
        with torch.inference_mode():
            output = network(tensors).float().numpy()
    except RuntimeError:  # an operation that this precision lacks here
        return np.full(rows.size, np.inf)
    return replayed.predictor.decode(output).get_column("prediction").to_numpy()


def _with_dropout(replayed: Replayed, rows: npt.NDArray[np.int64]) -> Floats | None:
    """How predictions scatter in training mode; None for a network that knows no dropout."""
    import torch

    network = copy.deepcopy(replayed.predictor.network)
    if not any(isinstance(module, torch.nn.Dropout) and module.p > 0 for module in network.modules()):
        return None
    packed = pack(replayed.predictor, {name: values[rows] for name, values in _features(replayed).items()})
    tensors = {kind: torch.from_numpy(array) for kind, array in packed.items()}
    network.train()
    network.training = False  # of several networks in one it still makes one prediction
    with torch.inference_mode(), torch.random.fork_rng():
        torch.manual_seed(0)
        noisy = replayed.predictor.decode(network(tensors).float().numpy()).get_column("prediction").to_numpy()
    calm = replayed.predictor.decode(run_network(replayed.predictor, {n: v[rows] for n, v in _features(replayed).items()}))
    return np.asarray(noisy - calm.get_column("prediction").to_numpy())


def _features(replayed: Replayed) -> dict[str, Floats]:
    return dict(replayed.served or replayed.expected)


def _labels(replayed: Replayed, served: pl.Series) -> Iterator[Finding]:
    """Labels: equal but where the two most probable ones are a tie."""
    expected = expected_predictions(replayed)
    tie = is_tie(replayed.predictor.target, replayed.output)
    differs = (expected != served).fill_null(value=False).to_numpy() & ~tie & replayed.judged
    if replayed.has_features:
        right = predictions_of(replayed.predictor, replayed.output_expected)
        differs &= ~((right == served).fill_null(value=False).to_numpy() & np.any(list(replayed.differs.values()), axis=0))
    compared = served.len() - served.null_count()
    if not differs.any():
        return
    rows = np.flatnonzero(differs)
    cause = _label_cause(replayed, rows, expected, served)
    yield _finding(replayed, rows, compared, cause, (served, expected))


def _label_cause(replayed: Replayed, rows: npt.NDArray[np.int64], expected: pl.Series, served: pl.Series) -> Cause:
    target = replayed.predictor.target
    names = list(class_names(target))
    known = known_labels(target)
    was, now = expected[rows.tolist()], served[rows.tolist()]
    parts = {value: {value} if names else set(filter(None, value.split(", "))) for value in now.unique().to_list()}
    unknown = [value for value, labels in parts.items() if not labels <= known]
    if unknown:
        share = float(now.is_in(unknown).mean() or 0)
        return Cause("unknown_label", f"labels that the model does not have were served: {', '.join(map(str, unknown[:5]))}", share)
    if now.n_unique() == 1 and (was.n_unique() > 1 or (served.drop_nulls().n_unique() == 1 and expected.n_unique() > 1)):
        return Cause("default_prediction", f'"{now[0]}" was served whatever the input', 1.0, {"value": now[0]})
    pairs = pl.DataFrame({"was": was, "now": now}).group_by("was").agg(pl.col("now").n_unique())
    # of two labels each is the other's only alternative: exchanged means that hardly one is right
    is_whole = len(names) > 2 or rows.size > 0.9 * (served.len() - served.null_count())
    if names and (pairs["now"] == 1).all() and rows.size > 3 and is_whole:
        mapping = dict(zip(was.to_list(), now.to_list(), strict=True))
        return Cause("permuted_classes", f"classes were exchanged: {mapping}", 1.0, {"served": mapping}, ("swapped_ids",))
    is_second = 0.0
    if len(names) > 1:
        second = np.argsort(replayed.scores(replayed.output), axis=1)[rows, -2]
        is_second = float(np.mean([names[index] == value for index, value in zip(second, now.to_list(), strict=True)]))
    return Cause("other_weights", "they are not those of these weights", is_second, {}, ("dropout_active", "lower_precision"))


def _finding(  # noqa: PLR0913 - what a finding consists of
    replayed: Replayed,
    rows: npt.NDArray[np.int64],
    compared: int,
    cause: Cause,
    values: tuple[Any, Any],
    impact: float | None = None,
) -> Finding:
    served, expected = values
    share = rows.size / max(1, compared)
    first = int(rows[0])
    source = "their logged features" if replayed.has_features else "their logged inputs"
    shown = rows[np.unique(np.linspace(0, rows.size - 1, EVIDENCE_ROWS).astype(int))]
    return Finding(
        skew_class="numeric",
        feature=None,
        kind="engineering_fault",
        cause=cause.name,
        message=f"predictions: {cause.words}, in {rows.size:,} of {compared:,} records replayed from {source} ({share:.1%})",
        distance=share,
        threshold=RELATIVE,
        minimum_detectable=smallest_seen_share(compared),
        onset_row=int(replayed.sample.rows[first]),
        onset_time=replayed.sample.text("served_at", first),
        affected_rows=int(rows.size),
        share=share,
        impact=impact,
        parameters={**cause.parameters, "explained": round(cause.explained, 4)},
        alternatives=cause.alternatives,
        evidence=tuple(
            {
                "row": int(replayed.sample.rows[row]),
                "request_id": replayed.sample.text("request_id", int(row)),
                "expected": _plain(expected[int(row)]),
                "served": _plain(served[int(row)]),
            }
            for row in shown
        ),
        rank=(1.0 if impact is None or not np.isfinite(impact) else impact) * share + 1e-9,
    )


def _plain(value: Any) -> Any:
    if isinstance(value, float | np.floating):
        return float(f"{float(value):.9g}") if np.isfinite(value) else str(value)
    return value
