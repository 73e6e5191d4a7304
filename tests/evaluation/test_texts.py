"""What is measured of a language model, against numbers worked out by hand."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from ymltrain.api import NoParams
from ymltrain.builtin.loss.cross_entropy import CrossEntropyLoss, CrossEntropyParams
from ymltrain.builtin.metric.bits_per_byte import BitsPerByteMetric
from ymltrain.builtin.metric.perplexity import PerplexityMetric
from ymltrain.data.cache import in_memory
from ymltrain.data.encoding import encoded_split
from ymltrain.data.loader import TensorSplit
from ymltrain.data.next_token import NextTokenTarget
from ymltrain.data.tokenizer import BpeTokenizer, ByteTokenizer
from ymltrain.data.windows import cut_windows
from ymltrain.evaluation import evaluate as evaluation
from ymltrain.evaluation.evaluate import Measures, evaluate
from ymltrain.evaluation.text_baselines import text_baselines
from ymltrain.plan.plan import TextSpec

WORDS = "never odd or even, was it a car or a cat i saw "


def target(tokenizer):
    """A target of windows of 8 tokens."""
    vocabulary = len(tokenizer.byte_counts)
    return NextTokenTarget("text", TextSpec(tokenizer="byte", vocabulary=vocabulary, context=8, continuation=4), tokenizer)


def split_of(tokenizer, *texts):
    """Texts as training takes them."""
    windows = cut_windows(tokenizer.encode(texts), 8, in_memory)
    return encoded_split(len(windows["weight"]), windows)


class Guess(nn.Module):
    """Gives each token that follows an id the probability that a table says."""

    def __init__(self, probabilities):
        super().__init__()
        self.logits = torch.log(probabilities)

    def forward(self, inputs):
        return self.logits[inputs["tokens"].long()]


def measure(split, decoder, network, batch_rows):
    """Loss and metrics."""
    metrics = {"bits_per_byte": BitsPerByteMetric(NoParams()), "perplexity": PerplexityMetric(NoParams())}
    measures = Measures(CrossEntropyLoss(CrossEntropyParams()).build(), metrics, decoder)
    return evaluate(network, TensorSplit.of(split), measures, batch_rows=batch_rows)


@pytest.mark.parametrize("tokenizer", [ByteTokenizer(), BpeTokenizer.learn([WORDS] * 5, 280)])
@pytest.mark.parametrize("batch_rows", [1, 3, 1000])
def test_every_token_counts_once(tokenizer, batch_rows):
    """Bits per byte, perplexity and loss are those of a sum over all tokens, whatever the batches; windows end unevenly."""
    texts = (WORDS, "a cat", "", WORDS[::-1])
    generator = torch.Generator().manual_seed(3)
    table = torch.rand(len(tokenizer.byte_counts), len(tokenizer.byte_counts), generator=generator, dtype=torch.float64)
    table /= table.sum(dim=1, keepdim=True)
    nats, tokens, before = 0.0, 0, 0
    for ids in tokenizer.encode(texts):
        for token in [*ids.tolist(), 0]:
            nats -= math.log(table[before, token])
            tokens, before = tokens + 1, token
    found = measure(split_of(tokenizer, *texts), target(tokenizer), Guess(table), batch_rows)
    assert found["loss"] == pytest.approx(nats / tokens, rel=1e-9)
    assert found["perplexity"] == pytest.approx(math.exp(nats / tokens), rel=1e-9)
    assert found["bits_per_byte"] == pytest.approx(nats / math.log(2) / sum(len(text.encode()) for text in texts), rel=1e-9)


def test_large_vocabularies_are_measured_in_small_batches(monkeypatch):
    """However many rows are asked for, a network never gives more numbers at once than memory has room for."""
    monkeypatch.setattr(evaluation, "LARGEST_OUTPUT", 3 * 8 * 257)
    sizes = []

    class Watched(Guess):
        def forward(self, inputs):
            sizes.append(len(inputs["tokens"]))
            return super().forward(inputs)

    tokenizer = ByteTokenizer()
    network = Watched(torch.full((257, 257), 1 / 257))
    found = measure(split_of(tokenizer, WORDS * 3), target(tokenizer), network, 1000)
    assert max(sizes) == 3
    assert found["perplexity"] == pytest.approx(257, rel=1e-4)


def test_baselines_are_those_of_counts():
    """Unigram and bigram bits of a text whose counts are known, smoothed by Witten and Bell's rule."""
    tokenizer = ByteTokenizer()
    train, test = split_of(tokenizer, "ab" * 50), split_of(tokenizer, "ab")
    found = text_baselines(train, test, target(tokenizer))
    kinds, total = 3, 101
    single = np.array([50 + kinds / 257, 50 + kinds / 257, 1 + kinds / 257]) / (total + kinds)
    assert found["unigram"] == pytest.approx(-np.log2(single).sum() / 2)
    # an end is followed by a; a by b always; b by a 49 times and by the end once
    pairs = [(1 + 1 * single[0]) / 2, (50 + 1 * single[1]) / 51, (1 + 2 * single[2]) / 52]
    assert found["bigram"] == pytest.approx(-np.log2(pairs).sum() / 2)


def test_a_compressor_that_has_seen_the_text_needs_little_for_it():
    """What xz adds for a text of the train split is a fraction of what it adds for another."""
    tokenizer = ByteTokenizer()
    noise = bytes(np.random.default_rng(1).integers(33, 126, 4000, dtype=np.uint8)).decode()
    seen, new = noise[1000:3000], noise[::-1][:2000]
    known, unknown = (
        text_baselines(split_of(tokenizer, noise), split_of(tokenizer, one), target(tokenizer)) for one in (seen, new)
    )
    assert known["xz"] < 0.5
    assert unknown["xz"] > 5
