"""Texts to windows of tokens."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ymltrain.builtin.datasource.csv import CsvParams, CsvSource
from ymltrain.builtin.split.column import ColumnParams, ColumnSplit
from ymltrain.data.cache import EncodedCache, in_memory
from ymltrain.data.learning import TableSpec
from ymltrain.data.prepare import prepare_data
from ymltrain.data.tokenizer import END, BpeTokenizer, ByteTokenizer, restore_tokenizer
from ymltrain.data.windows import cut_windows
from ymltrain.diagnostics import DataError
from ymltrain.plan.plan import TargetSpec, TextSpec
from ymltrain.plan.seeds import seed_tree
from ymltrain.plan.shapes import NO_TOKEN

PROSE = ("the cat sat on the mat", "a cat and a mat", "the dog sat on the log", "naïve 🎉 café")
TEXT = st.text(max_size=60)


@pytest.fixture(scope="module")
def bpe():
    """A tokenizer that has learned a little English."""
    return BpeTokenizer.learn(PROSE * 3, 300)


@given(text=TEXT)
def test_any_text_goes_to_tokens_and_back(bpe, text):
    """With both tokenizers; the bytes of its tokens are the bytes of the text, and none is the end."""
    for tokenizer in (ByteTokenizer(), bpe):
        (ids,) = tokenizer.encode([text])
        assert tokenizer.decode(ids) == text
        assert tokenizer.byte_counts[ids].sum() == len(text.encode())
        assert not (ids == END).any()


def test_a_tokenizer_is_its_state(bpe):
    """Restored from JSON it encodes as before, and what it learned depends on the texts alone."""
    assert restore_tokenizer(bpe.state).encode(PROSE)[0].tolist() == bpe.encode(PROSE)[0].tolist()
    assert BpeTokenizer.learn(iter(PROSE * 3), 300).state == bpe.state
    assert len(bpe.encode(["the cat sat"])[0]) < len("the cat sat") / 2


def test_text_that_looks_like_a_special_token_is_text():
    """Nothing that a person can write means an end."""
    tokenizer = BpeTokenizer.learn(["<|endoftext|> [UNK] <s>"] * 9, 280)
    assert tokenizer.decode(tokenizer.encode(["<|endoftext|> [UNK] <s>"])[0]) == "<|endoftext|> [UNK] <s>"


@given(lengths=st.lists(st.integers(0, 9), max_size=8), context=st.integers(2, 7))
def test_each_token_is_predicted_once_from_those_before_it(lengths, context):
    """The targets are the texts with their ends, in order; what a network sees is shifted by one; weights count tokens."""
    texts = [np.arange(1, length + 1, dtype=np.int32) for length in lengths]
    windows = cut_windows(texts, context, in_memory)
    expected = [token for ids in texts for token in [*ids.tolist(), END]]
    followed = windows["target"].reshape(-1)
    seen = windows["tokens"].reshape(-1)[followed != NO_TOKEN].tolist()
    assert followed[followed != NO_TOKEN].tolist() == expected
    assert seen == ([END, *expected[:-1]] if expected else [])
    assert windows["weight"].tolist() == (windows["target"] != NO_TOKEN).sum(axis=1).tolist()
    assert windows["weight"].sum() == len(expected)


def spec(tokenizer="bpe", vocabulary=300, golden=4):
    """How a plan reads a column of texts."""
    text = TextSpec(tokenizer=tokenizer, vocabulary=vocabulary, context=8, continuation=4)
    target = TargetSpec(columns=("text",), type="text", task="next_token", text=text)
    return TableSpec(features=(), target=target, keys=(), seeds=seed_tree(1), golden_rows=golden)


@pytest.fixture
def table(tmp_path):
    """A source of texts whose column says which split each belongs to; one text is missing."""
    rows = [(PROSE[number % 3], ("train", "train", "val", "test")[number % 4]) for number in range(40)]
    rows += [("zzzz qqqq zzzz qqqq", "test"), (None, "train")]
    pl.DataFrame(rows, schema=["text", "part"], orient="row").write_csv(tmp_path / "texts.csv")
    split = ColumnSplit(ColumnParams(column="part"))
    return CsvSource(CsvParams(path=str(tmp_path / "texts.csv"))), split


def test_texts_stay_in_their_split(table):
    """Decoded, the windows of a split are its texts with their ends, no other; a missing text is dropped and counted."""
    prepared = prepare_data(*table, {}, spec())
    frame = pl.read_csv(table[0]._location.path).drop_nulls()
    for name, split in prepared.splits.items():
        tokens = split.target[split.target != NO_TOKEN]
        own = frame.filter(pl.col("part") == name)["text"].to_list()
        texts = np.split(tokens, np.flatnonzero(tokens == END) + 1)[:-1]
        assert [prepared.target.tokenizer.decode(ids) for ids in texts] == own
        assert split.weight.sum() == len(tokens)
    assert prepared.report.rows_without_target == 1
    assert prepared.report.texts.train == 20
    assert prepared.report.tokens.train == int(prepared.splits["train"].weight.sum())


def test_tokens_are_learned_from_the_train_split_alone(table):
    """A word of the test split is no piece of the vocabulary, however often it stands there."""
    tokenizer = prepare_data(*table, {}, spec()).target.tokenizer
    assert len(tokenizer.encode([" cat"])[0]) == 1
    assert len(tokenizer.encode(["zzzz"])[0]) == 4


def test_a_vocabulary_that_texts_cannot_fill_is_said(table):
    """The network keeps the size that the plan has; a warning says how much of it is used."""
    prepared = prepare_data(*table, {}, spec(vocabulary=5000))
    assert prepared.target.output.width == 5000
    assert "of 5,000 tokens" in prepared.report.warnings[-1]


def test_encoded_texts_come_from_the_cache(table, tmp_path):
    """The second time nothing is learned, and everything is equal."""
    cache = EncodedCache(tmp_path / "cache", "sha256:1")
    first, second = (prepare_data(*table, {}, spec(), cache) for _ in range(2))
    assert isinstance(second.splits["train"].target, np.memmap)
    assert second.target.state == first.target.state
    assert second.golden.equals(first.golden)
    for name, split in first.splits.items():
        assert np.array_equal(split.target, second.splits[name].target)
        assert np.array_equal(split.inputs["tokens"], second.splits[name].inputs["tokens"])


def test_an_empty_split_is_an_error(table):
    """As of a table: YT721 names the split."""
    split = ColumnSplit(ColumnParams(column="part", train=("train", "val", "test"), val=("never",), test=()))
    with pytest.raises(DataError) as caught:
        prepare_data(table[0], split, {}, spec())
    assert caught.value.code == "YT721"
    assert "val" in caught.value.message
