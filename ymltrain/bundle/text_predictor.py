"""The predictor of a language model: texts to how well the model knows them, and to how they go on.

`bits_per_byte` and `tokens` are of the text and its end, read as training reads it: from an end on, in windows of the model's
context, each token counted once. `prediction` is how the text goes on: the most probable token again and again, `continuation`
of them or up to an end, each seen with as many tokens before it as the context holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl

from ymltrain.bundle.contract import Contract
from ymltrain.bundle.defaults import Defaults
from ymltrain.bundle.read_columns import read_columns
from ymltrain.data.cache import in_memory
from ymltrain.data.next_token import NextTokenTarget
from ymltrain.data.reading import column_values
from ymltrain.data.tokenizer import END, Ids
from ymltrain.data.windows import cut_windows
from ymltrain.kinds.contracts import ArrowStream
from ymltrain.plan.shapes import NO_TOKEN, Reading

if TYPE_CHECKING:
    import torch
    from torch import nn

LARGEST_OUTPUT = 1 << 24
"""How many logits are computed at once."""
TEXTS_AT_ONCE = 256


@dataclass(frozen=True)
class TextPredictor:
    """A loaded bundle of a language model."""

    contract: Contract
    target: NextTokenTarget
    network: nn.Module

    @property
    def columns(self) -> dict[str, Reading]:
        """The column of texts, and how it is read."""
        return {self.target.column: Reading(type="text")}

    @property
    def defaults(self) -> Defaults:
        """Nothing stands in for a text."""
        return Defaults()

    def read(self, table: ArrowStream) -> pl.DataFrame:
        """The texts of a table. Raises BundleError when it lacks their column, DataError when that holds none."""
        return read_columns(table, self.columns, self.contract.name)

    def predict(self, table: ArrowStream) -> pl.DataFrame:
        """One row for each text of a table: `prediction`, `bits_per_byte`, `tokens`; a missing text counts as an empty one."""
        return self.predict_rows(self.read(table))

    def predict_rows(self, rows: pl.DataFrame) -> pl.DataFrame:
        """The same for rows that `read` has read."""
        parts = [self._predictions(self._encode(part)) for part in rows.iter_slices(TEXTS_AT_ONCE)]
        return pl.concat(parts) if parts else self._predictions([])

    def golden(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """The tokens of some texts, and what is predicted of them."""
        encoded = self._encode(rows)
        tokens = pl.Series(self.target.column, [ids.tolist() for ids in encoded], pl.List(pl.Int32))
        return pl.DataFrame([tokens]), self._predictions(encoded)

    def continue_text(self, text: str, tokens: int) -> str:
        """The most probable next tokens, at most so many, as text."""
        (encoded,) = self.target.tokenizer.encode([text])
        return self._continue([encoded], tokens)[0]

    def _encode(self, rows: pl.DataFrame) -> list[Ids]:
        return self.target.tokenizer.encode(column_values(rows, self.target.column).fill_null("").to_list())

    def _predictions(self, encoded: Sequence[Ids]) -> pl.DataFrame:
        return pl.DataFrame(
            [
                pl.Series("prediction", self._continue(encoded, self.target.spec.continuation), pl.String),
                pl.Series("bits_per_byte", self._bits_per_byte(encoded), pl.Float64),
                pl.Series("tokens", [len(ids) for ids in encoded], pl.Int64),
            ]
        )

    def _bits_per_byte(self, encoded: Sequence[Ids]) -> npt.NDArray[np.float64]:
        """Of each text; NaN where it has no bytes."""
        cut = [cut_windows([ids], self.target.spec.context, in_memory) for ids in encoded]
        nats = np.zeros(len(cut))
        windows = [(number, row) for number, one in enumerate(cut) for row in range(len(one["tokens"]))]
        for start in range(0, len(windows), self._windows_at_once):
            part = windows[start : start + self._windows_at_once]
            longest = max(int(cut[number]["weight"][row]) for number, row in part)
            tokens, target = (np.stack([cut[number][kind][row, :longest] for number, row in part]) for kind in ("tokens", "target"))
            found = np.where(target == NO_TOKEN, 0.0, self.log_probabilities(tokens, target))
            np.add.at(nats, [number for number, _ in part], -found.sum(axis=1))
        sizes = np.array([self.target.truth(ids).sum() for ids in encoded], np.float64)
        return nats / math.log(2) / np.where(sizes, sizes, np.nan)

    def log_probabilities(self, tokens: npt.NDArray[Any], target: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """The log of the probability of each token of windows `[n, tokens]`; anything where there is none."""
        import torch

        from ymltrain.data.log_probabilities import log_probabilities

        found: npt.NDArray[np.float64] = np.empty(tokens.shape)
        for start in range(0, len(tokens), self._windows_at_once):
            part = slice(start, start + self._windows_at_once)
            found[part] = log_probabilities(self.logits(tokens[part]), torch.from_numpy(target[part])).double().numpy()
        return found

    def _continue(self, texts: Sequence[Ids], tokens: int) -> list[str]:
        found: list[str] = []
        for start in range(0, len(texts), self._windows_at_once):
            found += self._continue_group(texts[start : start + self._windows_at_once], tokens)
        return found

    def _continue_group(self, texts: Sequence[Ids], tokens: int) -> list[str]:
        context = self.target.spec.context
        seen = [[END, *ids.tolist()][-context:] for ids in texts]
        added: list[list[int]] = [[] for _ in texts]
        going = list(range(len(texts)))
        for _ in range(tokens):
            for place, following in zip(going, self._next([seen[place] for place in going]), strict=True):
                seen[place] = [*seen[place], following][-context:]
                added[place].append(following)
            going = [place for place in going if added[place][-1] != END]
            if not going:
                break
        return [self.target.tokenizer.decode(ids) for ids in added]

    def _next(self, seen: Sequence[Sequence[int]]) -> Iterator[int]:
        """The most probable token after each of some beginnings; what stands after a beginning is not seen from it."""
        longest = max(map(len, seen))
        tokens = np.full((len(seen), longest), END, np.int32)
        for row, ids in zip(tokens, seen, strict=True):
            row[: len(ids)] = ids
        logits = self.logits(tokens)
        learned = len(self.target.tokenizer.byte_counts)
        yield from (int(logits[row, len(ids) - 1, :learned].argmax()) for row, ids in enumerate(seen))

    def logits(self, tokens: npt.NDArray[Any]) -> torch.Tensor:
        """float32 `[n, tokens, vocabulary]` of windows `[n, tokens]`."""
        import torch

        with torch.inference_mode():
            logits: torch.Tensor = self.network({"tokens": torch.from_numpy(tokens)}).float()
        return logits

    @property
    def _windows_at_once(self) -> int:
        return max(1, LARGEST_OUTPUT // (self.target.spec.context * self.target.output.width))
