"""Gathering the evidence of a run just before it trains."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import torch

from ymltrain.bundle.tensors import digest_tensors
from ymltrain.data.order import order_of
from ymltrain.data.paging import MappedRows
from ymltrain.plan.plan import Plan
from ymltrain.record.evidence import Evidence, Level
from ymltrain.run.random_state import capture_generators, seed_generators

if TYPE_CHECKING:
    from torch import nn

    from ymltrain.data.prepare import PreparedData

ORDER_EPOCHS = 2
ORDER_ROWS = 1 << 20
DIGESTED_ROWS = 1 << 16


def gather_evidence(plan: Plan, data: PreparedData, network: nn.Module | None) -> Evidence:
    """Digests of all that training starts from, and the state of torch. Takes about a second for a GiB of encoded rows.

    `network` is None where several processes make their own.
    """
    train_rows = data.splits["train"].rows
    seed_generators(plan.seeds["dropout"])  # as training does; from here on they are what it draws from
    epochs = min(ORDER_EPOCHS, plan.trainer.max_epochs)
    return Evidence(
        level=declared_level(plan),
        data=data.fingerprint,
        data_read_as="full content, as the datasource says",
        rows=msgspec.to_builtins(data.report.rows),
        encoded={
            name: arrays_digest({**split.inputs, "target": split.target, "weight": split.weight})
            for name, split in data.splits.items()
        },
        order=order_digest(plan.seeds["order"], train_rows, epochs, plan.trainer.shuffle_window),
        order_epochs=epochs,
        initial_weights=None if network is None else digest_tensors(network.state_dict()),
        generators=_states_digest(capture_generators(torch.device("cpu"))),
        seeds=dict(plan.seeds),
        topology={**msgspec.to_builtins(plan.topology), "strategy": plan.node("strategy").type},
        runtime=describe_runtime(),
    )


def declared_level(plan: Plan) -> Level:
    """Kernels are deterministic everywhere; a CPU's results depend on its instruction set, which evidence names."""
    return "bitwise" if plan.topology.accelerator == "cpu" and plan.topology.world_size == 1 else "same-hardware"


def order_digest(seed: int, rows: int, epochs: int, window: int | None = None) -> str:
    """The digest of the row numbers of the first epochs, in the order in which they are trained on."""
    digest = hashlib.sha256(b"ymltrain order 1\n")
    for epoch in range(epochs):
        order = order_of(seed, epoch, rows, window)
        for start in range(0, rows, ORDER_ROWS):
            digest.update(order.part(start, start + ORDER_ROWS).numpy().astype("<i8").tobytes())
    return "sha256:" + digest.hexdigest()


def arrays_digest(arrays: Mapping[str, Any]) -> str:
    """The digest of named arrays; what is no array is passed over. Of arrays mapped from files a part at a time is in memory."""
    digest = hashlib.sha256(b"ymltrain arrays 2\n")
    for name, array in sorted(arrays.items()):
        if isinstance(array, np.ndarray):
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            pages = MappedRows([array])
            for start in range(0, len(array) if array.size else 0, DIGESTED_ROWS):
                part = array[start : start + DIGESTED_ROWS]
                digest.update(np.ascontiguousarray(part).view(np.uint8).reshape(-1).data)
                pages.release(start, start + len(part))
    return "sha256:" + digest.hexdigest()


def describe_runtime() -> dict[str, Any]:
    """What bits depend on in torch: versions, threads, kernels of the CPU, switches, devices."""
    cudnn: Any = torch.backends.cudnn
    mkldnn: Any = torch.backends.mkldnn
    nccl: Any = torch.cuda.nccl
    has_cuda = torch.cuda.is_available()
    return {
        "torch": str(torch.__version__),
        "threads": torch.get_num_threads(),
        "interop_threads": torch.get_num_interop_threads(),
        "cpu_kernels": torch.backends.cpu.get_cpu_capability(),
        "mkldnn": mkldnn.is_available(),
        "deterministic_kernels": True,  # as the session sets it while it trains
        "float32_matmul_precision": torch.get_float32_matmul_precision(),
        "cuda": torch.version.cuda,
        "cudnn": cudnn.version() if has_cuda else None,
        "cudnn_benchmark": cudnn.benchmark,
        "cudnn_deterministic": cudnn.deterministic,
        "cudnn_allow_tf32": cudnn.allow_tf32,
        "nccl": ".".join(map(str, nccl.version())) if has_cuda else None,
        "devices": [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())] if has_cuda else [],
        "device_capabilities": [torch.cuda.get_device_capability(n) for n in range(torch.cuda.device_count())] if has_cuda else [],
    }


def _states_digest(states: Mapping[str, Any]) -> str:
    digest = hashlib.sha256(b"ymltrain generators 1\n")
    for name, state in sorted(states.items()):
        digest.update(name.encode() + b"\n")
        for part in state if isinstance(state, tuple) else (state,):
            digest.update(part.numpy().tobytes() if isinstance(part, torch.Tensor) else repr(part).encode())
    return "sha256:" + digest.hexdigest()
