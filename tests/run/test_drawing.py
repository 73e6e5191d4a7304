from __future__ import annotations

import math

import torch
from torch import nn

from ymltrain.plan.events import GraphDrawn, HistogramsLogged
from ymltrain.run.drawing import draw_graph, histogram_of, take_histograms


class Branching(nn.Module):
    """A network whose forward does what only a run of it can tell."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(5, 2)
        self.body = nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Dropout(0.5))
        self.twice = nn.Linear(3, 3)

    def forward(self, inputs):
        columns = torch.split(inputs["number"], [1, 1], dim=1)
        joined = torch.cat([*columns, self.embed(inputs["category"][:, 0])], dim=1)
        hidden = self.body(joined)
        for _ in range(2):
            hidden = self.twice(hidden)
        return hidden.sum(dim=1) if hidden.mean().item() > -1e9 else hidden


def rows():
    """Two rows of two numbers and a category."""
    return {"number": torch.ones(2, 2), "category": torch.tensor([[1], [2]])}


def test_a_histogram_counts_every_finite_value():
    """Counts, edges and sums are those of the values; what is not finite is left out."""
    spread = histogram_of(torch.tensor([[0.0, 1.0, 2.0], [4.0, math.nan, math.inf]]))
    assert sum(spread.counts) == 4
    assert (spread.edges[0], spread.edges[-1]) == (0.0, 4.0)
    assert (spread.sum, spread.sum_squares) == (7.0, 21.0)
    assert len(spread.edges) == len(spread.counts) + 1


def test_a_histogram_of_one_value_or_none_is_one():
    """Weights that are all alike, and none at all, have a histogram too."""
    assert sum(histogram_of(torch.zeros(7)).counts) == 7
    assert sum(histogram_of(torch.full((3,), math.nan)).counts) == 0


def test_gradients_stand_beside_weights():
    """Each parameter has its weights, and its gradients once there are any."""
    network = nn.Linear(2, 1)
    assert set(take_histograms(network)) == {"weights/weight", "weights/bias"}
    network(torch.ones(1, 2)).sum().backward()
    assert set(take_histograms(network)) == {"weights/weight", "weights/bias", "gradients/weight", "gradients/bias"}


def test_the_graph_follows_what_runs():
    """Loops, branches and lists of tensors are drawn as they ran: every edge joins an operation to what it took."""
    nodes = {node.name: node for node in draw_graph(Branching(), rows())}
    assert nodes["split"].inputs == ("inputs/number",)
    assert nodes["cat"].inputs == ("split", "embed/embedding")
    assert nodes["body/0/linear"].inputs == ("cat", "body/0/weight", "body/0/bias")
    assert nodes["twice/linear_1"].inputs[0] == "twice/linear"
    assert nodes["body/0/linear"].shape == (2, 3)
    assert nodes["inputs/category"].operation == "Input"
    known = set(nodes)
    assert all(set(node.inputs) <= known for node in nodes.values())


def test_drawing_leaves_the_network_as_it_was():
    """Mode, random generators, hooks and weights are untouched."""
    network = Branching().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    draw_graph(network, rows())
    assert torch.equal(torch.rand(2), expected)
    assert network.training
    assert network.body.training
    assert not any(module._forward_pre_hooks or module._forward_hooks for module in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())


def test_a_network_that_cannot_be_drawn_warns(caplog):
    """A failure on the way costs the picture alone, and is told."""
    assert draw_graph(Branching(), {}) == ()
    assert "cannot be drawn" in caplog.text


def test_training_draws_at_its_interval_and_trains_alike(driver, tmp_path):
    """Histograms come every n steps, the graph once, and the weights are those of training without drawing."""
    plain = driver.Setup(tmp_path / "plain").train()
    setup = driver.Setup(tmp_path / "drawn", {"log_histograms_every_n_steps": 3, "log_graph": True})
    drawn = setup.train()
    logged = [event for event in setup.events if isinstance(event, HistogramsLogged)]
    assert [event.step for event in logged] == list(range(3, drawn.steps + 1, 3))
    assert {name.partition("/")[0] for name in logged[0].values} == {"weights", "gradients"}
    assert {f"weights/{name}" for name in drawn.weights} == {name for name in logged[0].values if name.startswith("weights/")}
    (graph,) = [event for event in setup.events if isinstance(event, GraphDrawn)]
    assert {"inputs/number", "inputs/category", "layers/0/linear"} <= {node.name for node in graph.nodes}
    assert all(torch.equal(plain.weights[name], weights) for name, weights in drawn.weights.items())
