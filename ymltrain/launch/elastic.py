"""Torch's elastic agent as this project uses it: one machine, a rendezvous of its own, restarts that are asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from torch.distributed.elastic.agent.server.api import RunResult, WorkerGroup, WorkerSpec
from torch.distributed.elastic.agent.server.local_elastic_agent import LocalElasticAgent
from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, Std
from torch.distributed.elastic.rendezvous import RendezvousParameters
from torch.distributed.elastic.rendezvous import registry as rendezvous

if TYPE_CHECKING:
    from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

MONITOR_SECONDS = 0.1
SHUTDOWN_SECONDS = 10
HERE = "127.0.0.1"


@dataclass(frozen=True)
class Workers:
    """The processes to run: how many, what each executes, where their output goes, how often all may be started anew."""

    processes: int
    command: tuple[str, ...]
    logs: Path
    restarts: int
    name: str


class Agent(LocalElasticAgent):
    """Asks before it restarts: `failed` hears what went wrong and raises when a restart is of no use."""

    failed: Callable[[Mapping[int, ProcessFailure]], None]
    _last: RunResult | None = None

    def _monitor_workers(self, worker_group: WorkerGroup) -> RunResult:
        self._last = super()._monitor_workers(worker_group)
        return self._last

    def _restart_workers(self, worker_group: WorkerGroup) -> None:
        assert self._last is not None
        self.failed(self._last.failures)
        super()._restart_workers(worker_group)


def make_agent(workers: Workers, failed: Callable[[Mapping[int, ProcessFailure]], None]) -> Agent:
    """An agent for workers on this machine; run it in a thread that is not the main one, and it takes no signals."""
    os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    parameters = RendezvousParameters(
        backend="c10d", endpoint=f"{HERE}:0", run_id=workers.name, min_nodes=1, max_nodes=1, local_addr=HERE
    )
    spec = WorkerSpec(
        role="trainer",
        local_world_size=workers.processes,
        entrypoint=workers.command[0],
        args=workers.command[1:],
        rdzv_handler=rendezvous.get_rendezvous_handler(parameters),
        max_restarts=workers.restarts,
        monitor_interval=MONITOR_SECONDS,
        local_addr=HERE,
    )
    workers.logs.mkdir(exist_ok=True)
    logs = DefaultLogsSpecs(log_dir=str(workers.logs), redirects=Std.ALL)
    agent = Agent(spec=spec, logs_specs=logs, start_method="spawn", shutdown_timeout=SHUTDOWN_SECONDS)
    agent.failed = failed
    return agent
