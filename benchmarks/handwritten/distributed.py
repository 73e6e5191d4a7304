"""The multi-process benchmark's peer: the same model and steps, by hand in torch under torchrun. Arguments: strategy, epochs.

Made-up numbers of the same shape, weights of the same sizes; what is compared is the time of a step.
"""

import json
import statistics
import sys
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.nn.parallel import DistributedDataParallel

FEATURES, WIDTH, LAYERS, BATCH, ROWS = 16, 1024, 4, 256, 2048
TIMED = 2
"""Steps that are timed together, as the other side logs them."""

dist.init_process_group("gloo")
rank, world = dist.get_rank(), dist.get_world_size()
torch.set_num_threads(1)
torch.manual_seed(1)
inputs, target = torch.randn(ROWS, FEATURES), torch.randn(ROWS)
layers: list[nn.Module] = []
for number in range(LAYERS):
    layers += [nn.Linear(FEATURES if number == 0 else WIDTH, WIDTH), nn.LayerNorm(WIDTH), nn.ReLU()]
network: nn.Module = nn.Sequential(*layers, nn.Linear(WIDTH, 1))
if sys.argv[1] == "ddp":
    model = DistributedDataParallel(network, gradient_as_bucket_view=True)
else:
    mesh = init_device_mesh("cpu", (world,))
    for layer in network:
        if isinstance(layer, nn.Linear) and layer.weight.numel() > 100_000:
            fully_shard(layer, mesh=mesh)
    model = fully_shard(network, mesh=mesh, reshard_after_forward=False)
optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, fused=True)
seconds = []
for epoch in range(int(sys.argv[2])):
    order = torch.randperm(ROWS, generator=torch.Generator().manual_seed(epoch))
    started = time.perf_counter()
    for number, batch in enumerate(order.split(BATCH), 1):
        mine = batch.tensor_split(world)[rank]
        optimizer.zero_grad()
        loss = (model(inputs[mine]).squeeze(1) - target[mine]).square().sum() * world / len(batch)
        loss.backward()
        optimizer.step()
        if number % TIMED == 0 and epoch:
            now = time.perf_counter()
            seconds.append((now - started) / TIMED)
            started = now
if rank == 0:
    print(json.dumps({"seconds_per_step": statistics.median(seconds)}))
dist.destroy_process_group()
