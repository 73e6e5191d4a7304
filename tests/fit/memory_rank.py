"""What tensors really take in a step; as a script, in one of two processes: strategy, model, rank, file to meet at."""

import sys

import torch

from ymltrain.builtin.loss.cross_entropy import CrossEntropyLoss, CrossEntropyParams
from ymltrain.builtin.model.transformer import TransformerModel, TransformerParams
from ymltrain.builtin.optimizer.adamw import AdamWOptimizer, AdamWParams
from ymltrain.builtin.strategy.ddp import DdpParams, DdpStrategy
from ymltrain.builtin.strategy.fsdp import FsdpParams, FsdpStrategy
from ymltrain.plan.shapes import FeatureShape, OutputShape
from ymltrain.plan.topology import Topology

WINDOW = (FeatureShape(name="text", kind="tokens", width=64, cardinality=300),)
OUTPUT = OutputShape(task="next_token", width=300)
STRATEGIES = {"ddp": DdpStrategy(DdpParams()), "fsdp": FsdpStrategy(FsdpParams())}
MODELS = {
    "wide": TransformerParams(layers=4, width=256, heads=4),
    "long": TransformerParams(layers=4, width=64, heads=4, tie_embeddings=False),
}
ROWS = {"wide": 4, "long": 32}


def topology(devices, rows):
    """So many devices for batches of so many rows."""
    return Topology(accelerator="cpu", nodes=1, devices=devices, precision="32-true", batch_size=rows)


def local(tensor):
    """The bytes that are here."""
    return (tensor.to_local() if hasattr(tensor, "to_local") else tensor).nbytes


def really_taken(network, inputs, target, loss, kept=0):
    """The most bytes that tensors hold in a step, as torch's profiler counts the allocator's; `kept` are there besides."""
    optimizer = AdamWOptimizer(AdamWParams()).build(list(network.parameters()))
    rows = len(target)

    def step():
        optimizer.zero_grad()
        losses = loss(network(inputs), target)
        (losses.sum() / rows).backward()
        optimizer.step()

    step()
    step()  # DDP lays its buckets out anew after the first
    optimizer.zero_grad()
    held = kept + sum(map(local, network.parameters())) + target.nbytes + sum(of.nbytes for of in inputs.values())
    held += sum(local(of) for state in optimizer.state.values() for of in state.values() if isinstance(of, torch.Tensor))
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU], profile_memory=True) as recorded:
        step()
    events = [event for event in recorded.profiler.kineto_results.events() if event.name() == "[memory]"]
    now = most = held
    for event in sorted(events, key=lambda event: event.start_ns()):
        now += event.nbytes()
        most = max(most, now)
    return most


def main(strategy, model, rank, meeting):
    """Print what this rank holds at most."""
    torch.set_num_threads(1)
    torch.distributed.init_process_group("gloo", init_method=f"file://{meeting}", rank=int(rank), world_size=2)
    network = TransformerModel(MODELS[model]).build(WINDOW, OUTPUT)
    buckets = sum(weight.nbytes for weight in network.parameters()) if strategy == "ddp" else 0
    spread = STRATEGIES[strategy].distribute(network, topology(2, ROWS[model]), torch.device("cpu"))
    windows = torch.randint(300, (ROWS[model] // 2, 64), dtype=torch.int32)
    taken = really_taken(spread, {"tokens": windows}, windows, CrossEntropyLoss(CrossEntropyParams()).build(), buckets)
    sys.stdout.write(str(taken))
    torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main(*sys.argv[1:])
