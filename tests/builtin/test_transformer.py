"""Model `transformer`, against what others published and against attention written out."""

import math

import pytest
import torch

from ymltrain.builtin.loss.cross_entropy import CrossEntropyLoss, CrossEntropyParams
from ymltrain.builtin.model.transformer import TransformerModel, TransformerParams
from ymltrain.plan.shapes import FeatureShape, OutputShape

WINDOW = (FeatureShape(name="text", kind="tokens", width=12, cardinality=23),)
OUTPUT = OutputShape(task="next_token", width=23)
SMALL = {"layers": 2, "width": 16, "heads": 4, "kv_heads": 2, "hidden": 24}


def network(**params):
    """A small network in evaluation mode, the same weights each time."""
    torch.manual_seed(5)
    return TransformerModel(TransformerParams(**SMALL | params)).build(WINDOW, OUTPUT).eval()


def tokens(rows=3):
    """Windows of tokens."""
    return torch.randint(23, (rows, 12), generator=torch.Generator().manual_seed(1), dtype=torch.int32)


@pytest.mark.parametrize(
    ("params", "vocabulary", "published"),
    [
        ({"layers": 32, "width": 4096, "heads": 32, "kv_heads": 8, "hidden": 14336}, 128_256, 8_030_261_248),  # Llama 3 8B
        ({"layers": 32, "width": 4096, "heads": 32, "hidden": 11008}, 32_000, 6_738_415_616),  # Llama 2 7B
        ({"layers": 80, "width": 8192, "heads": 64, "kv_heads": 8, "hidden": 28672}, 128_256, 70_553_706_496),  # Llama 3 70B
    ],
)
def test_published_models_have_their_published_number_of_weights(params, vocabulary, published):
    """Shapes are known without a network, exactly."""
    window = (FeatureShape(name="text", kind="tokens", width=8192, cardinality=vocabulary),)
    model = TransformerModel(TransformerParams(tie_embeddings=False, **params))
    shapes = model.shapes(window, OutputShape(task="next_token", width=vocabulary))
    assert sum(shape.size for shape in shapes) == published


def written_out(net, ids):
    """The same network by its formulas: each head, each position, one after the other, in float64."""
    weights = {name: tensor.double() for name, tensor in net.named_parameters()}
    hidden = weights["embedding.weight"][ids.long()]

    def norm(x, name):
        return x / (x.pow(2).mean(-1, keepdim=True) + 1e-5).sqrt() * weights[name]

    def rotated(x, position):
        half = len(x) // 2
        angles = [position * 10_000 ** (-2 * number / len(x)) for number in range(half)]
        first = [x[n] * math.cos(a) - x[half + n] * math.sin(a) for n, a in enumerate(angles)]
        second = [x[half + n] * math.cos(a) + x[n] * math.sin(a) for n, a in enumerate(angles)]
        return torch.stack(first + second)

    for layer in range(SMALL["layers"]):
        of = f"layers.{layer}."
        x = norm(hidden, of + "attention_norm.weight")
        queries, keys, values = (x @ weights[f"{of}attention.{part}.weight"].T for part in ("queries", "keys", "values"))
        mixed = torch.zeros_like(hidden)
        for head in range(4):
            mine, shared = slice(4 * head, 4 * head + 4), slice(4 * (head // 2), 4 * (head // 2) + 4)
            for here in range(len(ids)):
                asked = rotated(queries[here, mine], here)
                scores = torch.stack([asked @ rotated(keys[there, shared], there) / 2 for there in range(here + 1)])
                mixed[here, mine] = scores.softmax(0) @ values[: here + 1, shared]
        hidden = hidden + mixed @ weights[of + "attention.output.weight"].T
        x = norm(hidden, of + "gated_norm.weight")
        gate, up = (x @ weights[f"{of}gated.{part}.weight"].T for part in ("gate", "up"))
        hidden = hidden + (gate * gate.sigmoid() * up) @ weights[of + "gated.down.weight"].T
    return norm(hidden, "norm.weight") @ weights["embedding.weight"].T


def test_it_computes_what_its_formulas_say():
    """RMSNorm, rotary positions, shared heads, the gate, the tied output."""
    net = network()
    ids = tokens(1)
    torch.testing.assert_close(net({"tokens": ids})[0].double(), written_out(net, ids[0]), rtol=1e-4, atol=1e-6)


def gradients(net):
    """The gradient of each weight after one step's backward pass."""
    net.train()
    loss = CrossEntropyLoss(CrossEntropyParams()).build()(net({"tokens": tokens()[:, :-1]}), tokens()[:, 1:])
    loss.sum().backward()
    return {name: weight.grad for name, weight in net.named_parameters()}


def test_recomputed_activations_give_the_same_gradients():
    """To the bit: what is computed again is what was computed."""
    plain, again = gradients(network()), gradients(network(activation_checkpointing=True))
    assert all(torch.equal(plain[name], again[name]) for name in plain)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_compiled_blocks_give_the_same_gradients():
    """To float tolerance, under the same names."""
    plain, compiled = gradients(network()), gradients(network(compile=True))
    for name, gradient in plain.items():
        torch.testing.assert_close(compiled[name], gradient, rtol=1e-4, atol=1e-6)


def test_fsdp_takes_its_blocks_as_units():
    """The tied embedding belongs to the root, which is whole while anything runs."""
    net = network()
    assert net.shard_units == list(net.layers)
