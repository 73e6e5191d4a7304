"""Training on the devices of this machine: torch elastic runs the workers, this process watches and speaks for them."""

from __future__ import annotations

import logging
import os
import signal
import sys
import tempfile
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ymltrain.diagnostics import RunError, YmltrainError
from ymltrain.launch.budget import count_failure, read_counts
from ymltrain.launch.cause import error_of, own_error
from ymltrain.launch.channel import Listening
from ymltrain.launch.handover import Handover, write_handover
from ymltrain.launch.messages import Beat, Failed, Happened, Hello, Message, Warned
from ymltrain.launch.watch import Watch
from ymltrain.plan.plan import Plan
from ymltrain.run.parts import Surroundings, TrainOutcome
from ymltrain.run.session import finished_outcome, preempted_outcome

if TYPE_CHECKING:
    from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

POLL_SECONDS = 0.1
LOGS = "ranks"


@dataclass(frozen=True)
class Launch:
    """A plan to train in several processes: where it is, where its run is, whom to warn."""

    plan: Plan
    run_dir: Path
    workspace: Path
    plugin_files: tuple[Path, ...]
    warn: Callable[[str], None]

    @property
    def threads(self) -> int:
        """Threads of each worker: what the user set, else an equal share of the cores."""
        written = os.environ.get("OMP_NUM_THREADS", "")
        return int(written) if written.isdecimal() else max(1, (os.cpu_count() or 1) // self.plan.topology.devices)


def launch_training(launch: Launch, handover: Handover, around: Surroundings) -> TrainOutcome:
    """Train with one worker for each device; the outcome is read from the checkpoint that the workers leave.

    Raises RunError: YT980 a rank died, YT981 a rank hangs, YT982 a rank failed; or what a rank raised itself.
    """
    from ymltrain.run.checkpoint import Checkpoints

    plan = launch.plan
    checkpoints = Checkpoints(around.checkpoints, plan.trainer.checkpoint.keep, (plan.digest, *around.plans))
    before = checkpoints.newest()
    if before is None or not before.state.is_finished:
        with tempfile.TemporaryDirectory(prefix="ymltrain-") as shared:
            folder = Path(shared)
            write_handover(folder, handover)
            _Workers(launch, folder, around).run()
    after = checkpoints.newest()
    if after is None:
        raise RunError("YT982", "the workers ended and left no checkpoint", f"see {launch.run_dir / LOGS}")
    if after.state.is_finished:
        return finished_outcome(plan, after)
    return preempted_outcome(plan, after, before.path if before else None)


@dataclass
class _Workers:
    """All generations of workers of one attempt."""

    launch: Launch
    folder: Path
    around: Surroundings
    _ended: threading.Event = field(default_factory=threading.Event)
    _failures: Mapping[int, ProcessFailure] = field(default_factory=dict)
    _fault: BaseException | None = None
    _is_leaving: bool = False

    def __post_init__(self) -> None:
        self._watch = Watch(self.launch.plan.compute.hang_seconds)

    def run(self) -> None:
        """Run the workers until all are done. Raises RunError when they failed for good."""
        listening = Listening(self.folder / "socket", self._hear, self.around.settle)
        agent = self._agent(self.folder / "socket")
        thread = threading.Thread(target=self._run_agent, args=(agent,), name="torch elastic", daemon=True)
        thread.start()
        has_asked = False
        try:
            while not self._ended.wait(POLL_SECONDS):
                listening.raise_fault()
                if self.around.stop.is_requested and not has_asked:
                    has_asked = True
                    listening.ask_to_stop()
                self._kill_hanging()
        except BaseException:  # a second Ctrl-C, a fault of this process: no worker is left behind, and none is started
            self._is_leaving = True
            agent._shutdown(signal.SIGKILL)  # noqa: SLF001  # torch elastic has no public way to stop from outside
            raise
        finally:
            listening.close()
        listening.raise_fault()
        if self._fault is not None and not isinstance(self._fault, _NoRestart):
            raise self._fault
        if self._failures:
            count_failure(self.launch.run_dir)
            raise self._error()

    def _hear(self, message: Message) -> None:
        if isinstance(message, Happened):
            self.around.emit(message.event)
        elif isinstance(message, Hello):
            self._watch.greet(message)
        elif isinstance(message, Beat):
            self._watch.hear(message)
        elif isinstance(message, Warned):
            self.launch.warn(message.message)
        elif isinstance(message, Failed):
            self._watch.failures[message.rank] = message

    def _kill_hanging(self) -> None:
        hanging = self._watch.hanging()
        if hanging is not None and not self._watch.hung:
            pid, self._watch.hung = hanging
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _run_agent(self, agent: Any) -> None:
        try:
            result = agent.run()
            self._failures = result.failures if result.is_failed() else {}
        except BaseException as error:  # noqa: BLE001 - it belongs to the main thread
            self._fault = error
        finally:
            self._ended.set()

    def _failed(self, failures: Mapping[int, ProcessFailure]) -> None:
        """Workers have failed and torch elastic would start new ones. Raises _NoRestart when that is of no use."""
        self._failures = failures
        if self._is_leaving or own_error(self._watch.failures) is not None:
            raise _NoRestart
        error = self._error()
        counts = count_failure(self.launch.run_dir)
        allowed = self.launch.plan.compute.max_restarts
        self.launch.warn(f"{error.message}; restart {counts.failures} of {allowed}")
        self._failures = {}
        self._watch.forget()

    def _error(self) -> YmltrainError:
        logs = self.launch.run_dir / LOGS
        hint = f"`ymltrain fit --resume` goes on from the newest checkpoint; what the ranks wrote is in {logs}"
        return error_of(self._watch.failures, self._watch.hung, self._failures, hint)

    def _agent(self, address: Path) -> Any:
        """Torch elastic's agent, its own messages silenced, told which failures it may answer with a restart."""
        from ymltrain.launch.elastic import Workers, make_agent

        launch = self.launch
        used = read_counts(launch.run_dir).failures
        logging.getLogger("torch.distributed.elastic").setLevel(logging.CRITICAL)
        plugins = [argument for file in launch.plugin_files for argument in ("--plugin", str(file.absolute()))]
        arguments = [
            "-m",
            "ymltrain.worker",
            str(launch.run_dir.absolute() / "plan.json"),
            "--run-dir",
            str(launch.run_dir.absolute()),
        ]
        arguments += ["--workspace", str(launch.workspace.absolute()), "--data", str(self.folder), "--channel", str(address)]
        arguments += ["--threads", str(launch.threads), *plugins]
        return make_agent(
            Workers(
                processes=launch.plan.topology.devices,
                command=(sys.executable, *arguments),
                logs=launch.run_dir / LOGS,
                restarts=max(0, launch.plan.compute.max_restarts - used),
                name=uuid.uuid4().hex,
            ),
            self._failed,
        )


class _NoRestart(Exception):  # noqa: N818  # no error, but an answer
    """What failed would fail again."""
