"""All that training needs of a column of texts, in two passes over its table.

The first pass assigns texts to splits and learns the tokenizer from those that train, the second encodes and cuts them into
windows. Memory holds the tokens, 4 bytes each, beside the encoded arrays.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.data.assignment import assign_rows, check_assignment, split_columns, surveyed
from ymltrain.data.blocks import read_blocks
from ymltrain.data.cache import Allocate
from ymltrain.data.encoding import EncodedSplit, changed_meanwhile, encoded_split
from ymltrain.data.golden import GoldenDraw
from ymltrain.data.learning import TableSpec
from ymltrain.data.next_token import NextTokenTarget
from ymltrain.data.reading import column_values
from ymltrain.data.report import SPLITS, DataReport, SplitCounts, SplitName
from ymltrain.data.tally import DROPPED, TRAIN, Codes, count_rows, split_counts
from ymltrain.data.tokenizer import learn_tokenizer
from ymltrain.data.windows import TokenStream
from ymltrain.kinds.contracts import Datasource, Split
from ymltrain.plan.shapes import Reading

BLOCK_TEXTS = 256
GOLDEN_TEXTS = 32
GOLDEN_CHARS = 500
"""A golden text is the beginning of a text; there are fewer than golden rows of tables, since each takes longer to predict."""


class Texts:
    """One column of texts on its way to windows."""

    def __init__(self, source: Datasource, split: Split, spec: TableSpec) -> None:
        assert spec.target.text is not None
        self._source = source
        self._split = split
        self._spec = spec
        self._text = spec.target.text
        self._column = spec.target.name
        self._golden = GoldenDraw(min(spec.golden_rows, GOLDEN_TEXTS), spec.seeds["golden"])
        self._codes: list[Codes] = []

    def prepare(self, allocate: Allocate) -> tuple[dict[SplitName, EncodedSplit], NextTokenTarget, pl.DataFrame, DataReport]:
        """The windows of each split, the target, the golden texts, and what was found. Raises DataError."""
        tokenizer = learn_tokenizer(self._text, self._train_texts())
        codes = np.concatenate([np.empty(0, np.uint8), *self._codes])
        check_assignment(codes, self._split.fractions, self._column)
        target = NextTokenTarget(self._column, self._text, tokenizer)
        streams, golden = self._encode(target, codes, self._golden.finish())
        splits = {
            name: encoded_split_of(stream, self._text.context, name, allocate) for name, stream in zip(SPLITS, streams, strict=True)
        }
        return splits, target, golden, self._report(codes, target, streams, splits)

    def _train_texts(self) -> Iterator[str]:
        """The texts of the train split; notes the split of every row on the way."""
        looked_at = split_columns(self._source, self._split, self._spec.roles)
        columns: dict[str, Reading] = {**dict.fromkeys(looked_at, Reading(type="category")), **self._spec.columns}
        seed = self._spec.seeds["split"]
        assigning = surveyed(self._split, self._source, {name: columns[name] for name in looked_at}, seed)
        for first_row, block in read_blocks(self._source, columns, BLOCK_TEXTS):
            codes = assign_rows(assigning, looked_at, block, first_row, seed)
            texts = column_values(block, self._column)
            codes[texts.is_null().to_numpy()] = DROPPED
            self._codes.append(codes)
            self._golden.update(first_row, block.height)
            yield from texts.filter(pl.Series(codes == TRAIN)).to_list()

    def _encode(
        self, target: NextTokenTarget, codes: Codes, golden_rows: npt.NDArray[np.int64]
    ) -> tuple[list[TokenStream], pl.DataFrame]:
        streams = [TokenStream() for _ in SPLITS]
        golden: list[pl.Series] = []
        rows = 0
        for first_row, block in read_blocks(self._source, self._spec.columns, BLOCK_TEXTS):
            rows = first_row + block.height
            if rows > len(codes):
                break
            texts = column_values(block, self._column)
            drawn = golden_rows[(golden_rows >= first_row) & (golden_rows < rows)] - first_row
            golden.append(texts.gather(drawn).drop_nulls().str.slice(0, GOLDEN_CHARS))
            kept = codes[first_row:rows]
            encoded = target.tokenizer.encode(texts.filter(pl.Series(kept != DROPPED)).to_list())
            for code, ids in zip(kept[kept != DROPPED], encoded, strict=True):
                streams[code].texts.append(ids)
        if rows != len(codes):
            raise changed_meanwhile()
        return streams, pl.DataFrame([pl.concat(golden).alias(self._column)])

    def _report(
        self, codes: Codes, target: NextTokenTarget, streams: list[TokenStream], splits: dict[SplitName, EncodedSplit]
    ) -> DataReport:
        counts = count_rows(codes)
        dropped, texts = int(counts[DROPPED]), split_counts(counts)
        warnings = [f"{dropped:,} of {len(codes):,} rows have no text and were dropped"] if dropped else []
        learned = len(target.tokenizer.byte_counts)
        if learned < self._text.vocabulary:
            warnings.append(f"the tokenizer learned {learned:,} of {self._text.vocabulary:,} tokens: the train texts hold no more")
        return DataReport(
            rows_read=len(codes),
            rows_without_target=dropped,
            rows=SplitCounts(**{name: split.rows for name, split in splits.items()}),
            fitted_rows=texts.train,
            features=(),
            warnings=tuple(warnings),
            texts=texts,
            tokens=SplitCounts(**{name: stream.tokens for name, stream in zip(SPLITS, streams, strict=True)}),
        )


def encoded_split_of(stream: TokenStream, context: int, name: SplitName, allocate: Allocate) -> EncodedSplit:
    """The windows of a stream as a split that training takes."""
    arrays = stream.windows(context, lambda kind, shape, dtype: allocate(f"{name}.{kind}", shape, dtype))
    return encoded_split(len(arrays["weight"]), arrays)
