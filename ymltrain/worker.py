"""One of the processes that train a Plan together; torch elastic starts it, the run's main process hears from it.

`python -m ymltrain.worker plan.json --run-dir DIR --workspace DIR --data DIR --channel SOCKET` under RANK, WORLD_SIZE and
the other variables of torch elastic. It exits with 0 when training is done or stopped, its state saved, else with 1.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from ymltrain.catalog.catalog import Catalog
from ymltrain.diagnostics import YmltrainError
from ymltrain.launch.channel import Line
from ymltrain.launch.messages import Beat, Failed, Happened, Warned
from ymltrain.plan.plan import Plan, PlanNode, read_plan
from ymltrain.run.pulse import Pulse
from ymltrain.run.signals import StopSignal

BEAT_SECONDS = 1.0
TORCH_WAITS_LONGER = 1.5
"""Than the main process, which names a rank that hangs; torch can only say that it waited."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Train this rank's share; returns the exit code."""
    given = _parse(arguments)
    os.environ["OMP_NUM_THREADS"] = str(given.threads)
    rank = int(os.environ["RANK"])
    stop, pulse = StopSignal(), Pulse()
    for signum in (signal.SIGTERM, signal.SIGUSR1):
        signal.signal(signum, stop.request)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's to hear
    line = Line(given.channel, rank, lambda: stop.request(signal.SIGTERM))
    threading.Thread(target=_beat, args=(line, rank, pulse), name="beat", daemon=True).start()
    try:
        _train(given, rank, line, stop, pulse)
    except YmltrainError as error:
        line.send(Failed(rank=rank, kind=type(error).__name__, code=error.code, message=error.message, hint=error.hint))
        traceback.print_exc()
        return 1
    except Exception as error:  # noqa: BLE001 - whatever it is, the main process has to tell it
        reason = f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"
        line.send(Failed(rank=rank, kind="", code="", message=reason, hint=""))
        traceback.print_exc()
        return 1
    return 0


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ymltrain.worker", description=__doc__)
    parser.add_argument("plan", type=Path)
    parser.add_argument("--run-dir", type=Path, required=True)
    parser.add_argument("--workspace", type=Path, required=True)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--channel", type=Path, required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--plugin", type=Path, action="append", default=[])
    return parser.parse_args(arguments)


def _beat(line: Line, rank: int, pulse: Pulse) -> None:
    while True:
        line.send(Beat(rank=rank, step=pulse.step, phase=pulse.phase))
        threading.Event().wait(BEAT_SECONDS)


def _train(given: argparse.Namespace, rank: int, line: Line, stop: StopSignal, pulse: Pulse) -> None:
    import torch

    from ymltrain.data.ranks import Ranks
    from ymltrain.launch.handover import read_handover
    from ymltrain.record.directory import RunDirectory
    from ymltrain.run.parts import Surroundings, TrainingData
    from ymltrain.run.session import make_parts, train
    from ymltrain.run.startup import import_training

    import_training()
    torch.set_num_threads(given.threads)
    plan = read_plan(given.plan.read_bytes(), str(given.plan))
    run = RunDirectory.open(given.run_dir)
    ranks = Ranks(rank, _join(plan))
    if ranks.is_first:
        logging.getLogger("ymltrain").addHandler(_Telling(line, rank))
    try:
        handover = read_handover(given.data)
        parts = make_parts(plan, _builder(given.plugin), handover.shapes, handover.target.output)
        around = Surroundings(
            checkpoints=run.checkpoints,
            emit=(lambda event: line.send(Happened(event=event))) if ranks.is_first else (lambda _: None),
            stop=stop,
            ranks=ranks,
            plans=run.earlier_digests(),
            pulse=pulse,
            settle=line.settle if ranks.is_first else (lambda: None),
        )
        train(plan, parts, TrainingData(handover.train, handover.val, handover.target), around)
    finally:
        if sys.exc_info()[0] is None:
            torch.distributed.destroy_process_group()


def _join(plan: Plan) -> int:
    """Meet the other ranks: how many there are."""
    import torch

    distributed: Any = torch.distributed
    backend = "gloo"
    if plan.topology.accelerator == "cuda":
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        backend = "cpu:gloo,cuda:nccl"
    rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    serves = rank == 0 and os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True"
    patience = timedelta(seconds=plan.compute.hang_seconds * TORCH_WAITS_LONGER + 30)
    store = distributed.TCPStore(os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]), world, serves, patience)
    # torch reuses the agent's store after a restart, and would find the addresses of the ranks that died
    generation = distributed.PrefixStore(f"generation-{os.environ['TORCHELASTIC_RESTART_COUNT']}", store)
    torch.distributed.init_process_group(backend, store=generation, rank=rank, world_size=world, timeout=patience)
    return world


def _builder(plugin_files: Sequence[Path]) -> Callable[[PlanNode], Any]:
    catalog = Catalog.installed(plugin_files)
    return lambda node: catalog.build(node, os.environ)


class _Telling(logging.Handler):
    """Warnings of the first rank go where a person reads them."""

    def __init__(self, line: Line, rank: int) -> None:
        super().__init__(logging.WARNING)
        self._line, self._rank = line, rank

    def emit(self, record: logging.LogRecord) -> None:
        self._line.send(Warned(rank=self._rank, message=record.getMessage()))


if __name__ == "__main__":
    sys.exit(main())
