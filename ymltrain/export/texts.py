"""Exports of language models: a window of tokens in; out what the network makes of it, and the token that most probably follows.

The gate puts the golden texts through the export by themselves, in twos and all together, shorter ones filled up behind (which
no token before can see). An output may differ as those of tables may (see `replay`). The following token must be the model's
own, except where the model itself holds two tokens for equally probable within that difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.bundle.text_predictor import LARGEST_OUTPUT, TextPredictor
from ymltrain.data.reading import column_values
from ymltrain.data.tokenizer import END
from ymltrain.export.contract import Example, Replay
from ymltrain.export.programs import Run
from ymltrain.export.replay import refused, tolerance_of

MADE_TEXTS = 16
MADE_TOKENS = 48
SEED = 20_240_229
EXAMPLES = 4
EXAMPLE_TOKENS = 24

Windows = list[npt.NDArray[np.int32]]


def made_texts(predictor: TextPredictor) -> pl.DataFrame:
    """Texts of random tokens, for a bundle that keeps no golden ones."""
    draw = np.random.default_rng(SEED)
    ids = draw.integers(1, len(predictor.target.tokenizer.byte_counts), (MADE_TEXTS, MADE_TOKENS))
    return pl.DataFrame({predictor.target.column: [predictor.target.tokenizer.decode(row.tolist()) for row in ids]})


def replay_texts(run: Run, predictor: TextPredictor, rows: pl.DataFrame, kinds: Sequence[str]) -> Replay:
    """Hold an export against its model. Raises BundleError: YT891 a difference, YT892 a token that flips."""
    windows = _windows(predictor, rows)
    expected = [predictor.logits(window[None, :])[0].numpy() for window in windows]
    tolerance = tolerance_of(predictor.network)
    longest = max(map(len, windows))
    many = max(1, min(len(windows), LARGEST_OUTPUT // (longest * predictor.target.output.width)))
    largest = 0.0
    sizes = tuple(dict.fromkeys((1, min(2, len(windows)), many)))
    for size in sizes:
        for start in range(0, len(windows), size):
            part = windows[start : start + size]
            outputs = run({"tokens": _filled(part)})
            for place, window in enumerate(part):
                where = f"text {start + place + 1}, in a batch of {size}"
                given = {name: output[place, : len(window)] for name, output in outputs.items()}
                largest = max(largest, _compare(given, expected[start + place], predictor, tolerance, where))
    return Replay(
        rows=len(windows),
        kinds=dict(Counter(kinds)),
        not_finite=0,
        batches=sizes,
        tolerance=tolerance,
        largest_difference=largest,
    )


def text_examples(run: Run, predictor: TextPredictor, rows: pl.DataFrame, kinds: Sequence[str]) -> tuple[Example, ...]:
    """The beginnings of some texts: their tokens, and what most probably follows each."""
    found = []
    for number, window in enumerate(_windows(predictor, rows)[:EXAMPLES]):
        tokens = window[:EXAMPLE_TOKENS]
        output = run({"tokens": tokens[None, :]})["output"][0]
        learned = len(predictor.target.tokenizer.byte_counts)
        found.append(
            Example(
                kind=kinds[number],
                row={predictor.target.column: predictor.target.tokenizer.decode(tokens.tolist())},
                inputs={"tokens": tokens.tolist()},
                outputs={"following": output[:, :learned].argmax(axis=1).tolist()},
            )
        )
    return tuple(found)


def _compare(
    given: dict[str, npt.NDArray[Any]], expected: npt.NDArray[np.float32], predictor: TextPredictor, tolerance: float, where: str
) -> float:
    """The largest difference of one text, as a share; raises BundleError where one is too large."""
    output = given["output"]
    if output.shape != expected.shape:
        raise refused("YT891", f"{where}: the export makes an array of shape {output.shape}, the model {expected.shape}")
    scale = np.maximum(1.0, np.abs(expected).max(axis=1))
    apart = np.abs(output.astype(np.float64) - expected).max(axis=1) / scale
    if not (apart <= tolerance).all():
        token = int((~(apart <= tolerance)).argmax())
        raise refused("YT891", f"{where}: after token {token + 1} the export's output is {apart[token]:.2g} from the model's")
    if "following" in given:
        _compare_following(given["following"], expected[:, : len(predictor.target.tokenizer.byte_counts)], tolerance * scale, where)
    return float(apart.max(initial=0.0))


def _compare_following(
    following: npt.NDArray[np.int64], expected: npt.NDArray[np.float32], allowed: npt.NDArray[np.float64], where: str
) -> None:
    places = np.arange(len(following))
    lost = expected.max(axis=1) - expected[places, following]
    flips = np.flatnonzero(lost > 2 * allowed)
    if len(flips):
        token = int(flips[0])
        message = f"{where}: after token {token + 1} the export chooses {following[token]}, the model {expected[token].argmax()}"
        raise refused("YT892", message)


def _windows(predictor: TextPredictor, rows: pl.DataFrame) -> Windows:
    """An end and the tokens of each text, as many as the context holds."""
    texts = column_values(rows, predictor.target.column).fill_null("").to_list()
    encoded = predictor.target.tokenizer.encode(texts)
    return [np.array([END, *ids.tolist()][: predictor.target.spec.context], np.int32) for ids in encoded]


def _filled(windows: Windows) -> npt.NDArray[np.int32]:
    """Windows of one length, filled up behind."""
    filled = np.full((len(windows), max(map(len, windows))), END, np.int32)
    for row, window in zip(filled, windows, strict=True):
        row[: len(window)] = window
    return filled
