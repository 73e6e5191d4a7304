"""What can be drawn of a network: how its weights and gradients are spread, and its graph."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from ymltrain.plan.events import GraphNode, Histogram
from ymltrain.run.pieces import whole

BINS = 32
NOTHING = Histogram(edges=(0.0, 1.0), counts=(0,), sum=0.0, sum_squares=0.0)

_log = logging.getLogger(__name__)


def take_histograms(network: nn.Module) -> dict[str, Histogram]:
    """Of each parameter `weights/NAME` and, where it has one, `gradients/NAME`. Collective."""
    found = {}
    for name, parameter in network.named_parameters():
        found[f"weights/{name}"] = histogram_of(whole(parameter.detach()))
        if parameter.grad is not None:
            found[f"gradients/{name}"] = histogram_of(whole(parameter.grad))
    return found


def histogram_of(tensor: Tensor) -> Histogram:
    """The finite values in `BINS` bins of equal width between the least and the greatest."""
    values = tensor.float().flatten()
    values = values[values.isfinite()]
    if not values.numel():
        return NOTHING
    low, high = (bound.item() for bound in values.aminmax())
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts = torch.histc(values, BINS, low, high)
    exact = values.double()
    return Histogram(
        edges=tuple(torch.linspace(low, high, BINS + 1, dtype=torch.float64).tolist()),
        counts=tuple(int(count) for count in counts.tolist()),
        sum=exact.sum().item(),
        sum_squares=exact.square().sum().item(),
    )


def draw_graph(network: nn.Module, inputs: Mapping[str, Tensor]) -> tuple[GraphNode, ...]:
    """The operations of one forward pass over some rows, without gradients and dropout; empty, with a warning, where it fails.

    The network, its random generators and its mode are as they were before.
    """
    is_training = network.training
    try:
        with torch.no_grad(), torch.random.fork_rng(devices=[]), _Follower(network, inputs) as follower:
            network.eval()(dict(inputs))
    except Exception as error:  # noqa: BLE001 - a stranger's network; a picture of it is worth no run
        _log.warning("the graph of the network cannot be drawn: %s: %s", type(error).__name__, error)
        return ()
    finally:
        network.train(is_training)
    return tuple(follower.nodes)


class _Follower(TorchFunctionMode):
    """Notes every operation on tensors, under the path of the module in which it happens."""

    def __init__(self, network: nn.Module, inputs: Mapping[str, Tensor]) -> None:
        super().__init__()
        self.nodes: list[GraphNode] = []
        self._network = network
        self._names: set[str] = set()
        self._makers: dict[int, str] = {}
        self._alive: list[Tensor] = []  # an id is that of one tensor only as long as the tensor lives
        self._path: list[str] = []
        self._hooks = ExitStack()
        for name, tensor in inputs.items():
            self._made(f"inputs/{name}", "Input", (), [tensor])
        for name, parameter in network.named_parameters():
            self._made(name.replace(".", "/"), "Parameter", (), [parameter])

    def __enter__(self) -> Self:
        for path, module in self._network.named_modules():
            if path:
                for hook in (
                    module.register_forward_pre_hook(self._entering(path)),
                    module.register_forward_hook(self._leaving, always_call=True),
                ):
                    self._hooks.callback(hook.remove)
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        self._hooks.close()

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        del types
        result = func(*args, **(kwargs or {}))
        made = list(_tensors(result))
        if made:
            used = [self._makers[id(tensor)] for tensor in _tensors((args, kwargs or {})) if id(tensor) in self._makers]
            operation = getattr(func, "__name__", type(func).__name__).strip("_")
            self._made("/".join([*self._path[-1:], operation]), operation, tuple(dict.fromkeys(used)), made)
        return result

    def _made(self, name: str, operation: str, inputs: tuple[str, ...], tensors: Sequence[Tensor]) -> None:
        unique, number = name, 1
        while unique in self._names:
            unique, number = f"{name}_{number}", number + 1
        self._names.add(unique)
        self.nodes.append(GraphNode(name=unique, operation=operation, inputs=inputs, shape=tuple(tensors[0].shape)))
        self._alive += tensors
        self._makers |= {id(tensor): unique for tensor in tensors}

    def _entering(self, path: str) -> Callable[..., None]:
        def enter(module: nn.Module, args: Any) -> None:
            del module, args
            self._path.append(path.replace(".", "/"))

        return enter

    def _leaving(self, module: nn.Module, args: Any, output: Any) -> None:
        del module, args, output
        self._path.pop()


def _tensors(value: Any) -> Iterator[Tensor]:
    """All tensors within lists, tuples and mappings."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, Mapping):
        yield from _tensors(list(value.values()))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _tensors(item)
