"""Imports of training, quiet and no larger than needed, and the pace of its steps."""

from __future__ import annotations

import subprocess
import sys

from ymltrain.run.pace import Pace


def run(code):
    """What a fresh interpreter prints."""
    process = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert process.stderr == ""
    return process.stdout.split()


def test_the_package_is_light_until_it_trains():
    """What a command imports before it knows that it will train brings neither torch nor Lightning."""
    code = "import sys, ymltrain.run.startup, ymltrain.run.signals; print('torch' in sys.modules, 'lightning' in sys.modules)"
    assert run(code) == ["False", "False"]


def test_importing_for_training_leaves_no_trace_of_how():
    """Lightning is quiet, the collector as it was, and scipy.signal neither loaded nor spoiled for who needs it."""
    code = (
        "import gc, logging, sys\n"
        "from ymltrain.run.startup import import_training\n"
        "import_training()\n"
        "print('ymltrain.run.module' in sys.modules, gc.isenabled(), logging.getLogger('lightning.pytorch').level)\n"
        "print('scipy.signal' in sys.modules)\n"
        "import scipy.signal\n"
        "print(callable(scipy.signal.convolve))"
    )
    assert run(code) == ["True", "True", "30", "False", "True"]


def test_the_pace_follows_the_step_time():
    """Slow steps come one by one, fast ones in large groups, and a fixed pace stays."""
    pace = Pace()
    assert pace.steps() == 1
    pace.learn(seconds=0.1, steps=2)
    assert pace.steps() == 5
    pace.learn(seconds=10, steps=5)
    assert pace.steps() == 1
    pace.learn(seconds=0, steps=1)
    assert pace.steps() == 32
    fixed = Pace(3)
    fixed.learn(seconds=10, steps=3)
    assert fixed.steps() == 3
    assert not fixed.measures()


def test_the_first_groups_are_measured_and_some_of_the_others():
    """Ranks have to agree on each measurement: once a pace is found, most groups do without."""
    pace = Pace()
    assert [number for number in range(1, 33) if pace.measures()] == [*range(1, 9), 16, 32]
