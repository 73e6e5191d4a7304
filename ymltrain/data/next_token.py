"""The target `next_token`: the tokens of a text, each predicted from those before it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

from ymltrain.data.target import FittedTarget, restore_target
from ymltrain.data.tokenizer import Tokenizer, restore_tokenizer
from ymltrain.plan.plan import TextSpec
from ymltrain.plan.shapes import FeatureShape, OutputShape


class NextTokenTarget:
    """A column of texts, and the tokenizer that was learned from the train split."""

    def __init__(self, column: str, spec: TextSpec, tokenizer: Tokenizer) -> None:
        self.column = column
        self.spec = spec
        self.tokenizer = tokenizer
        self._byte_counts = tokenizer.byte_counts

    @property
    def output(self) -> OutputShape:
        return text_output(self.spec)

    @property
    def window(self) -> FeatureShape:
        """What a network takes."""
        return text_window(self.column, self.spec)

    @property
    def state(self) -> dict[str, Any]:
        spec = msgspec.to_builtins(self.spec)
        return {"task": "next_token", "column": self.column, "spec": spec, "tokenizer": self.tokenizer.state}

    def decode(self, output: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
        """The log of the probability that each token was given, `[tokens]`."""
        return output.astype(np.float64)

    def truth(self, target: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        """How many bytes each token stands for, `[tokens]`."""
        counts: npt.NDArray[np.int64] = self._byte_counts[target]
        return counts


AnyTarget: TypeAlias = FittedTarget | NextTokenTarget


def restore_any_target(state: Mapping[str, Any]) -> AnyTarget:
    """A target of a table or of texts from its state."""
    if state["task"] != "next_token":
        return restore_target(state)
    spec = msgspec.convert(state["spec"], TextSpec)
    return NextTokenTarget(state["column"], spec, restore_tokenizer(state["tokenizer"]))


def text_window(column: str, spec: TextSpec) -> FeatureShape:
    """The window of tokens that a network takes; known before anything is learned."""
    return FeatureShape(name=column, kind="tokens", width=spec.context, cardinality=spec.vocabulary)


def text_output(spec: TextSpec) -> OutputShape:
    """A logit for each token that the plan has room for, learned or not."""
    return OutputShape(task="next_token", width=spec.vocabulary)
