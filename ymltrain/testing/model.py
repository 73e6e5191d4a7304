"""The conformance kit of kind `model`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import torch
from safetensors.torch import load, save
from torch import Tensor

from ymltrain.api import ColumnType, FeatureShape, Model, OutputShape

NUMBERS = (FeatureShape(name="a", kind="number"), FeatureShape(name="b", kind="number", width=3))
CATEGORIES = (FeatureShape(name="c", kind="category", cardinality=4), FeatureShape(name="d", kind="category", cardinality=11))
TEXTS = (
    FeatureShape(name="e", kind="tokens", width=5, cardinality=9),
    FeatureShape(name="f", kind="tokens", width=3, cardinality=4),
)
MIXED = (NUMBERS[0], TEXTS[0], CATEGORIES[0], NUMBERS[1], CATEGORIES[1], TEXTS[1])
REGRESSION = OutputShape(task="regression", width=1)
CLASSIFICATION = OutputShape(task="classification", width=3)
BINARY = OutputShape(task="binary", width=1)
NEXT_TOKEN = OutputShape(task="next_token", width=11)
WINDOWS = (FeatureShape(name="text", kind="tokens", width=8, cardinality=11),)
"""What a model of texts is tested with: `feature_sets = (WINDOWS,)`, `outputs = (NEXT_TOKEN,)`."""


class ModelKit:
    """Subclass it, and give `make` an instance with the params to test."""

    feature_sets: Sequence[Sequence[FeatureShape]] = (
        NUMBERS,
        CATEGORIES,
        (NUMBERS[0], TEXTS[0], CATEGORIES[0], NUMBERS[1], CATEGORIES[1], TEXTS[1]),
    )
    outputs: Sequence[OutputShape] = (REGRESSION, BINARY, CLASSIFICATION)

    def make(self) -> Model:
        """The model under test."""
        raise NotImplementedError

    def test_shapes_are_those_of_the_network(self) -> None:
        """`shapes` names exactly the parameters that `build` makes, with their shapes."""
        for features in self.feature_sets:
            for output in self.outputs:
                named = {shape.name: shape.shape for shape in self.make().shapes(features, output)}
                built = {name: tuple(tensor.shape) for name, tensor in self.make().build(features, output).named_parameters()}
                assert named == built

    def test_the_output_has_its_width(self) -> None:
        """A floating point `[n, width]` for any number of rows, one and an unseen category (id 0) included; of tokens, at each.

        While it trains it may be `[n, members, width]`.
        """
        for features in self.feature_sets:
            for output in self.outputs:
                network = self.make().build(features, output)
                for rows in (1, 7):
                    positions = (features[0].width,) if output.task == "next_token" else ()
                    inputs = example_inputs(features, rows)
                    training, evaluating = network.train()(inputs), network.eval()(inputs)
                    assert tuple(evaluating.shape) == (rows, *positions, output.width)
                    assert training.ndim in (2, 3)
                    assert (training.shape[0], training.shape[-1]) == (rows, output.width)
                    for result in (training, evaluating):
                        assert result.is_floating_point()
                        assert result.isfinite().all()

    def test_weights_follow_the_seed(self) -> None:
        """Two builds after the same `torch.manual_seed` are equal to the bit."""
        for features in self.feature_sets:
            networks = []
            for _ in range(2):
                torch.manual_seed(3)
                networks.append(self.make().build(features, self.outputs[0]).state_dict())
            assert all(torch.equal(networks[0][name], networks[1][name]) for name in networks[0])

    def test_evaluation_is_deterministic(self) -> None:
        """In evaluation mode the same rows give the same output, alone or among others."""
        features = self.feature_sets[-1]
        network = self.make().build(features, self.outputs[-1]).eval()
        inputs = example_inputs(features, 9)
        together = network(inputs)
        assert torch.equal(together, network(inputs))
        alone = network({kind: tensor[4:5] for kind, tensor in inputs.items()})
        torch.testing.assert_close(alone, together[4:5])

    def test_every_parameter_can_learn(self) -> None:
        """A gradient reaches each parameter that asks for one."""
        features = self.feature_sets[-1]
        network = self.make().build(features, self.outputs[-1])
        network(example_inputs(features, 64)).square().sum().backward()
        assert [name for name, tensor in network.named_parameters() if tensor.requires_grad and tensor.grad is None] == []

    def test_it_leaves_its_inputs_alone(self) -> None:
        """What is handed over is as it was, so that batches can be used again."""
        for features in self.feature_sets:
            inputs = example_inputs(features, 5)
            before = {kind: tensor.clone() for kind, tensor in inputs.items()}
            self.make().build(features, self.outputs[0])(inputs)
            assert all(torch.equal(inputs[kind], before[kind]) for kind in before)

    def test_a_token_does_not_see_what_follows(self) -> None:
        """With `next_token`, other tokens after a position leave its output as it was, and a shorter window gives the same."""
        if self.outputs[0].task != "next_token":
            return
        features = self.feature_sets[-1]
        network = self.make().build(features, self.outputs[-1]).eval()
        inputs = example_inputs(features, 3)
        middle = features[0].width // 2
        changed = {"tokens": inputs["tokens"].clone()}
        changed["tokens"][:, middle:] = 0
        whole = network(inputs)[:, :middle]
        torch.testing.assert_close(network(changed)[:, :middle], whole)
        torch.testing.assert_close(network({"tokens": inputs["tokens"][:, :middle]}), whole)

    def test_weights_fit_a_bundle(self) -> None:
        """Its state is tensors that share no memory, which safetensors can keep, and comes back to the bit."""
        state = self.make().build(self.feature_sets[-1], self.outputs[-1]).state_dict()
        places = [tensor.untyped_storage().data_ptr() for tensor in state.values() if tensor.numel()]
        assert len(places) == len(set(places))
        loaded = load(save({name: tensor.contiguous() for name, tensor in state.items()}))
        assert all(torch.equal(loaded[name], state[name]) for name in state)

    def test_what_it_proposes_is_for_it_to_propose(self) -> None:
        """`defaults` are sections about training, plugins by their type; `encoders` go by column type."""
        defaults, encoders = (getattr(self.make(), name, {}) for name in ("defaults", "encoders"))
        assert set(defaults) <= {"optimizer", "lr_scheduler", "trainer"}
        assert all(isinstance(section.get("type"), str) for name, section in defaults.items() if name != "trainer")
        assert set(encoders) <= set(get_args(ColumnType))

    def test_weights_come_back(self) -> None:
        """A fresh network that loads another one's state gives its outputs."""
        features = self.feature_sets[-1]
        trained, fresh = (self.make().build(features, self.outputs[-1]).eval() for _ in range(2))
        fresh.load_state_dict(trained.state_dict())
        inputs = example_inputs(features, 5)
        assert torch.equal(trained(inputs), fresh(inputs))


def example_inputs(features: Sequence[FeatureShape], rows: int) -> dict[str, Tensor]:
    """Encoded features of some rows, as a network gets them."""
    generator = torch.Generator().manual_seed(5)
    inputs = {}
    numbers = sum(feature.width for feature in features if feature.kind == "number")
    if numbers:
        inputs["number"] = torch.randn(rows, numbers, generator=generator)
    ids = [torch.randint(feature.cardinality, (rows,), generator=generator) for feature in features if feature.kind == "category"]
    if ids:
        inputs["category"] = torch.stack(ids, dim=1).int()
    words = [
        torch.randint(feature.cardinality, (rows, feature.width), generator=generator)
        for feature in features
        if feature.kind == "tokens"
    ]
    if words:
        inputs["tokens"] = torch.cat(words, dim=1).int()
    return inputs
