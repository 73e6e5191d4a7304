"""The words of a text become one vector that neither fades nor swells as texts grow."""

import torch

from ymltrain.builtin.model.text_bag import TextBag


def test_a_long_text_is_as_long_a_vector_as_a_short_one():
    """The root mean square of a column is that of one word's, and filling ids are not counted."""
    torch.manual_seed(0)
    bag = TextBag(5001, 16)
    ids = torch.zeros(400, 256, dtype=torch.int64)
    for words in (1, 16, 256):
        ids[:, :words] = torch.randint(1, 5001, (400, words))
        size = bag(ids).square().mean().sqrt()
        assert 0.9 < size < 1.1, words


def test_the_count_of_a_word_is_seen():
    """Ids of no word change nothing; a text without a word is zeros."""
    bag = TextBag(8, 4)
    once, twice = bag(torch.tensor([[3, 0, 0]])), bag(torch.tensor([[3, 3, 0]]))
    torch.testing.assert_close(once[0], bag.words.weight[3])
    torch.testing.assert_close(twice, once * 2**0.5)
    assert bag(torch.zeros(1, 3, dtype=torch.int64)).tolist() == [[0.0] * 4]
