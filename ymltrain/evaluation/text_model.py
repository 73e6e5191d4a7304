"""A language model from a bundle, measured on texts it is given: every token once, as its run measured the test split.

The texts make one stream in the order of the table, an end before, between and after them, cut into windows of the model's context.
Beside the model stand counts of tokens and of pairs of tokens, which learned from the train split and are kept in the bundle, and
what xz makes of the texts alone: the bundle has no train texts for it to begin with.
"""

from __future__ import annotations

import lzma
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from ymltrain.bundle.contract import Contract
from ymltrain.bundle.text_predictor import TextPredictor
from ymltrain.data.blocks import read_blocks
from ymltrain.data.cache import in_memory
from ymltrain.data.reading import column_values
from ymltrain.data.texts import BLOCK_TEXTS
from ymltrain.data.tokenizer import Ids
from ymltrain.data.windows import cut_windows
from ymltrain.diagnostics import DataError
from ymltrain.evaluation.assess import About, Scored, assess
from ymltrain.evaluation.bootstrap import Draws
from ymltrain.evaluation.model import Question, baseline_tensors, check_columns, slices_of
from ymltrain.evaluation.slices import Slice
from ymltrain.evaluation.text_baselines import COMPRESSED_BYTES, TokenCounts
from ymltrain.kinds.contracts import Datasource, Metric
from ymltrain.plan.shapes import NO_TOKEN
from ymltrain.record.evaluation import EvaluationRecord, Figures, SliceFigures

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Texts:
    """The texts of a source in tokens, which of its rows they are, and their bytes as long as a compressor takes them."""

    encoded: Sequence[Ids]
    has_text: npt.NDArray[np.bool_]
    content: bytes | None

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """The tokens of each text, its end included."""
        return np.array([len(ids) + 1 for ids in self.encoded], np.int64)


def evaluate_language_model(
    predictor: TextPredictor, counts: TokenCounts | None, metrics: Mapping[str, Metric], source: Datasource, asked: Question
) -> EvaluationRecord:
    """The model on all texts of a source. Raises DataError, BundleError."""
    name = predictor.contract.target.name
    check_columns(predictor.contract, source, asked.cuts)
    fingerprint = source.fingerprint()
    if fingerprint == predictor.contract.digests.data:
        asked.note("these are the data that the model was trained on: it has seen most of these texts")
    texts = _read(predictor, source)
    if not texts.encoded:
        raise DataError("YT725", f'"{name}" has no text in any of the {len(texts.has_text):,} rows', "bring rows with a text")
    asked.note(f"{len(texts.encoded):,} texts, {int(texts.lengths.sum()):,} tokens")
    scored = _score(predictor, counts, texts)
    slices = slices_of(source, asked.cuts, texts.has_text)
    about = About(asked.model, fingerprint, "all", name, int((~texts.has_text).sum()))
    alone = Draws(asked.draws.confidence, 0, asked.draws.seed)  # tokens of a text hang together: resampling them tells too little
    found = assess(scored, metrics, _of_tokens(slices, texts.lengths), alone, about)
    return _in_texts(found, slices, texts, metrics)


def read_token_counts(folder: Path, contract: Contract) -> TokenCounts | None:
    """The counts that a bundle keeps; None when it was made without. Raises BundleError when they were changed."""
    tensors = baseline_tensors(folder, contract)
    return TokenCounts.restore({name: tensor.numpy() for name, tensor in tensors.items()}) if tensors is not None else None


def _read(predictor: TextPredictor, source: Datasource) -> _Texts:
    encoded: list[Ids] = []
    kept: list[npt.NDArray[np.bool_]] = [np.empty(0, bool)]
    content: list[bytes] | None = []
    size = 0
    for _, block in read_blocks(source, predictor.columns, BLOCK_TEXTS):
        texts = column_values(block, predictor.target.column)
        kept.append(texts.is_not_null().to_numpy())
        written = texts.drop_nulls().to_list()
        encoded += predictor.target.tokenizer.encode(written)
        size += sum(map(len, written))
        content = [*content, *(text.encode("utf-8", "replace") for text in written)] if content is not None else None
        content = content if size <= COMPRESSED_BYTES else None
    return _Texts(encoded, np.concatenate(kept), b"".join(content) if content is not None else None)


def _score(predictor: TextPredictor, counts: TokenCounts | None, texts: _Texts) -> Scored:
    """The log of the probability that each token was given, by the model and by the counts, and the bytes it stands for."""
    windows = cut_windows(texts.encoded, predictor.target.spec.context, in_memory)
    before, after = windows["tokens"].reshape(-1), windows["target"].reshape(-1)
    is_token = after != NO_TOKEN
    before, after = before[is_token].astype(np.int64), after[is_token].astype(np.int64)
    baselines: dict[str, Floats] = {}
    if counts is not None:
        baselines = {"unigram": np.log(counts.unigram(after)), "bigram": np.log(counts.bigram(before, after))}
    return Scored(
        output=predictor.target.output,
        labels=(),
        predicted=predictor.log_probabilities(windows["tokens"], windows["target"]).reshape(-1)[is_token],
        truth=predictor.target.truth(after),
        baselines=baselines,
    )


def _of_tokens(slices: Sequence[Slice], lengths: npt.NDArray[np.int64]) -> list[Slice]:
    """Slices of texts as slices of their tokens."""
    text_of = np.repeat(np.arange(len(lengths)), lengths)
    found = []
    for one in slices:
        is_in = np.zeros(len(lengths), bool)
        is_in[one.rows] = True
        found.append(Slice(one.column, one.name, one.kind, np.flatnonzero(is_in[text_of])))
    return found


def _in_texts(found: EvaluationRecord, slices: Sequence[Slice], texts: _Texts, metrics: Mapping[str, Metric]) -> EvaluationRecord:
    """What was counted in tokens, in texts; and what xz makes of them."""
    lengths = texts.lengths
    replaced: list[SliceFigures] = [
        msgspec.structs.replace(figures, rows=len(one.rows), tokens=int(lengths[one.rows].sum()))
        for figures, one in zip(found.slices, slices, strict=True)
    ]
    changes: dict[str, Any] = {"rows": len(lengths), "tokens": int(lengths.sum()), "slices": tuple(replaced)}
    if texts.content and "bits_per_byte" in metrics:
        packed = len(lzma.compress(texts.content, preset=9 | lzma.PRESET_EXTREME))
        alone: Figures = {"bits_per_byte": packed * 8 / len(texts.content)}
        changes["baselines"] = {**found.baselines, "xz": alone}
    return msgspec.structs.replace(found, **changes)
