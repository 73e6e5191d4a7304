"""What the networks compute."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest
import torch
from torch.nn import functional

from ymltrain.api import FeatureShape, NoParams, OutputShape
from ymltrain.builtin.loss.cross_entropy import CrossEntropyLoss, CrossEntropyParams
from ymltrain.builtin.model.linear import LinearModel
from ymltrain.builtin.model.mlp import MlpModel, MlpParams
from ymltrain.builtin.model.tabular import TabularModel, TabularParams
from ymltrain.builtin.model.tabular_network import ByteDropout, PiecewiseLinear
from ymltrain.run.row_losses import row_losses
from ymltrain.testing.model import CATEGORIES, NUMBERS, REGRESSION, example_inputs

FEATURES = (*NUMBERS, *CATEGORIES)


def test_linear_equals_a_linear_layer_over_one_hot_categories():
    """One weight per number and per category id, of each output."""
    output = OutputShape(task="classification", width=3)
    network = LinearModel(NoParams()).build(FEATURES, output)
    torch.manual_seed(0)
    for weights in network.parameters():
        torch.nn.init.normal_(weights)
    inputs = example_inputs(FEATURES, 20)
    one_hot = [
        functional.one_hot(inputs["category"][:, at].long(), shape.cardinality).float() for at, shape in enumerate(CATEGORIES)
    ]
    weights = torch.cat([network.number.weight.T, network.category[0].weight, network.category[1].weight])
    expected = torch.cat([inputs["number"], *one_hot], dim=1) @ weights + network.bias
    torch.testing.assert_close(network(inputs), expected)


@pytest.mark.parametrize("model", [LinearModel(NoParams()), MlpModel(MlpParams()), TabularModel(TabularParams(dropout=0))])
def test_an_unseen_category_stays_zero(model):
    """Id 0 has a row of zeros, which training never moves."""
    network = model.build(CATEGORIES, REGRESSION)
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.1)
    tables = [module for module in network.modules() if isinstance(module, torch.nn.Embedding)]
    for _ in range(3):
        optimizer.zero_grad()
        (network({"category": torch.tensor([[0, 0], [1, 2]])}) - 5).square().sum().backward()
        optimizer.step()
    assert len(tables) == 2
    assert all(not table.weight[0].any() for table in tables)
    assert all(table.weight[1:].any() for table in tables)


def test_an_mlps_layers_come_in_their_order():
    """Linear, norm, activation, dropout for each hidden width; a plain Linear last."""
    network = MlpModel(MlpParams(hidden=(8, 4), activation="gelu", dropout=0.5)).build(NUMBERS, REGRESSION)
    kinds = [type(layer).__name__ for layer in network.layers]
    assert kinds == ["Linear", "LayerNorm", "GELU", "Dropout"] * 2 + ["Linear"]
    assert [layer.out_features for layer in network.layers if isinstance(layer, torch.nn.Linear)] == [8, 4, 1]


@pytest.mark.parametrize(("cardinality", "columns"), [(1, 2), (3, 3), (10, 6), (100, 21), (10**6, 64)])
def test_auto_embeddings_grow_slowly(cardinality, columns):
    """By fastai's rule, to at most 64 columns."""
    shapes = MlpModel(MlpParams()).shapes([FeatureShape(name="c", kind="category", cardinality=cardinality)], REGRESSION)
    assert shapes[0].shape == (cardinality, columns)


def test_batch_norm_takes_a_batch_of_one_row():
    """An epoch's last batch may be one row, of which no variance can be had: it passes with the running statistics."""
    network = MlpModel(MlpParams(hidden=(4,), norm="batch")).build(NUMBERS, REGRESSION)
    before = {name: tensor.clone() for name, tensor in network.named_buffers()}
    one = network(example_inputs(NUMBERS, 1))
    assert one.isfinite().all()
    assert all(torch.equal(before[name], tensor) for name, tensor in network.named_buffers())
    network(example_inputs(NUMBERS, 8))
    assert not torch.equal(before["layers.1.running_mean"], network.layers[1].running_mean)


@pytest.mark.parametrize(
    "written",
    [
        {"hidden": [0]},
        {"hidden": 64},
        {"dropout": 1.0},
        {"dropout": -0.1},
        {"activation": "swish"},
        {"embedding_dim": 0},
        {"layers": 3},
    ],
)
def test_nonsense_is_refused(written):
    """Out of range, of another type, or unknown."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(written, MlpParams)


def test_shapes_need_no_torch():
    """A plan counts parameters without importing torch; neither does importing any plugin of training."""
    names = {
        "model": ["linear", "mlp", "tabular"],
        "optimizer": ["adagrad", "adam", "adamw", "rmsprop", "sgd"],
        "lr_scheduler": ["constant", "cosine", "exponential", "linear", "step"],
        "loss": ["cross_entropy", "huber", "mae", "mse"],
        "metric": ["accuracy", "f1", "mae", "mape", "mse", "precision", "r2", "recall", "rmse"],
        "strategy": ["single"],
    }
    modules = [f"ymltrain.builtin.{kind}.{name}" for kind, of_kind in names.items() for name in of_kind]
    code = (
        f"import importlib, sys\nfor name in {modules}: importlib.import_module(name)\n"
        "from ymltrain.api import FeatureShape, OutputShape\n"
        "from ymltrain.builtin.model.mlp import MlpModel, MlpParams\n"
        "output = OutputShape(task='regression', width=1)\n"
        "print(sum(shape.size for shape in MlpModel(MlpParams()).shapes([FeatureShape(name='x', kind='number')], output)))\n"
        "print(sorted({'torch', 'lightning', 'torchmetrics', 'numpy', 'polars'} & set(sys.modules)))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.splitlines() == ["8961", "[]"]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_dropout_by_bytes(share):
    """The share of values to the next 256th becomes 0 while training, the rest is scaled to the same mean; else all stay."""
    torch.manual_seed(0)
    values = torch.ones(37, 41, 101, requires_grad=True)
    dropout = ByteDropout(share)
    dropped = dropout(values)
    assert float((dropped == 0).float().mean()) == pytest.approx(share, abs=0.005)
    assert float(dropped.detach().mean()) == pytest.approx(1, abs=0.01 / (1 - share))
    dropped.sum().backward()
    assert torch.equal(values.grad, dropped)
    assert dropout.eval()(values) is values


def ensemble(task, width, **params):
    """A network of model `tabular` over two kinds of features."""
    torch.manual_seed(1)
    return TabularModel(TabularParams(**params)).build(FEATURES, OutputShape(task=task, width=width))


@pytest.mark.parametrize(
    ("task", "width", "read"),
    [
        ("regression", 1, lambda output: output),
        ("classification", 4, lambda output: output.softmax(dim=-1)),
        ("binary", 1, torch.sigmoid),
        ("multilabel", 3, torch.sigmoid),
        ("ordinal", 2, torch.sigmoid),
    ],
)
def test_a_prediction_is_the_mean_of_the_members(task, width, read):
    """Of numbers, or of the probabilities that each member gives."""
    network = ensemble(task, width, members=5, dropout=0.0)
    network.heads.data.mul_(20)  # far apart, where the mean of logits would be another one
    inputs = example_inputs(FEATURES, 12)
    members = network.train()(inputs)
    assert tuple(members.shape) == (12, 5, width)
    torch.testing.assert_close(read(network.eval()(inputs)), read(members).mean(dim=1))


def test_sure_members_give_finite_predictions():
    """Probabilities that round to 0 or 1 make no infinite logit."""
    network = ensemble("binary", 1).eval()
    network.heads_bias.data.fill_(500.0)
    assert network(example_inputs(FEATURES, 3)).isfinite().all()


def test_members_differ_from_the_start():
    """Each sees what the first layer found with signs of its own."""
    network = ensemble("regression", 1, members=6)
    assert set(network.scale.unique().tolist()) == {-1.0, 1.0}
    assert len(network.scale.unique(dim=0)) > 1
    outputs = network.train()(example_inputs(FEATURES, 4))
    assert (outputs[:, 0] != outputs[:, 1]).all()


def test_an_embedded_number_bends_at_quantiles_and_goes_on_beyond():
    """Between two quantiles, and on either side of all, it is linear; the pieces hold equally many of normal numbers."""
    torch.manual_seed(0)
    embedding = PiecewiseLinear(1, 2, 4)
    torch.nn.init.normal_(embedding.pieces)
    inner = torch.distributions.Normal(0, 1).icdf(torch.tensor([0.25, 0.5, 0.75]))
    torch.testing.assert_close(embedding.low[1:], inner)
    for low, high in ((-9.0, float(inner[0])), (float(inner[0]), 0.0), (float(inner[2]), 9.0)):
        line = torch.linspace(low, high, 3).unsqueeze(1)
        ends = embedding(line)
        torch.testing.assert_close(ends[1], (ends[0] + ends[2]) / 2, atol=1e-4, rtol=1e-4)
    bend = embedding(torch.tensor([[-0.3], [0.0], [0.3]]))
    assert (bend[1] - (bend[0] + bend[2]) / 2).abs().max() > 0.01


def test_row_losses_are_the_members_mean():
    """Each member is judged by itself, whatever the loss makes of the output's width."""
    outputs, target = torch.randn(6, 3, 4), torch.arange(6) % 4
    loss = CrossEntropyLoss(CrossEntropyParams()).build()
    expected = torch.stack([loss(outputs[:, member], target) for member in range(3)]).mean(dim=0)
    torch.testing.assert_close(row_losses(loss, outputs, target), expected)
    assert torch.equal(row_losses(loss, outputs[:, 0], target), loss(outputs[:, 0], target))
