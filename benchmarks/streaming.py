"""Training on a table larger than memory: `trainer.shuffle_window` against a shuffle of all rows, the same encoded table.

A process that trains is put into a control group whose memory, page cache included, is less than the encoded table. Prints
rows a second of both, without the limit and within it, and the peak of the process's memory. Bound: without the limit the
window costs at most 1.25 times the time of a step. The limit needs a writable memory control group (Linux, as root).
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl
from measure import compile_sources, report

ROWS, COLUMNS, BATCH = 2_000_000, 64, 4_096
ENCODED = ROWS * (COLUMNS + 1) * 4
WINDOW = 131_072
GROUPS = Path("/sys/fs/cgroup/memory"), Path("/sys/fs/cgroup")

RECIPE = f"""\
recipe: 1
name: wide
datasource: rows.parquet
split: {{type: random, train: 1.0, val: 0.0, test: 0.0}}
target: y
model: linear
skew: {{profile: false, golden_rows: 0}}
tracker: []
trainer: {{max_epochs: 1, batch_size: {BATCH}, weights: last}}
"""

FIT = """
import os, sys
group, *arguments = sys.argv[1:]
if group:
    open(os.path.join(group, "cgroup.procs"), "w").write(str(os.getpid()))
os.execv(sys.executable, [sys.executable, "-m", "ymltrain", *arguments])
"""


def write_table(path):
    """Random numbers, written in pieces: the benchmark itself needs little memory."""
    generator = np.random.default_rng(7)
    names = [f"x{number}" for number in range(COLUMNS)]
    frame = pl.DataFrame({name: generator.standard_normal(ROWS, np.float32) for name in names})
    frame.with_columns(y=pl.sum_horizontal(names[:8])).write_parquet(path, compression="uncompressed")


def fit(folder, steps, window, group=""):
    """Rows a second of so many steps after the encoded table is there, and the peak of the process's memory in MiB."""
    changes = [f"trainer.max_steps={steps}", f"trainer.shuffle_window={window or 'null'}"]
    command = [sys.executable, "-c", FIT, group, "fit", "rows.yaml", *changes, "--json", "--force-stage", "train"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"})
    printed = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        return None, usage.ru_maxrss / 1024
    train = json.loads(printed)["timings"]["train"]
    return steps * BATCH / train, usage.ru_maxrss / 1024


def limited_group(limit):
    """A control group of this much memory, or None where none can be made."""
    for parent, name in zip(GROUPS, ("memory.limit_in_bytes", "memory.max"), strict=True):
        group = parent / f"ymltrain-{os.getpid()}"
        try:
            group.mkdir()
            (group / name).write_text(str(limit))
        except OSError:
            if group.is_dir():
                group.rmdir()
            continue
        return group
    return None


def drop_cache(folder):
    """Let the system forget what it has of the encoded table."""
    os.sync()
    for path in Path(folder).glob("cache/*/*"):
        descriptor = os.open(path, os.O_RDONLY)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(descriptor)


def main():
    compile_sources()
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 120
    with tempfile.TemporaryDirectory(dir=os.environ.get("BENCH_FOLDER")) as folder:
        write_table(Path(folder, "rows.parquet"))
        Path(folder, "rows.yaml").write_text(RECIPE)
        fit(folder, 1, None)  # encodes
        print(f"encoded table: {ENCODED >> 20} MiB, window {WINDOW:,} of {ROWS:,} rows = {ENCODED * WINDOW // ROWS >> 20} MiB")
        (windowed, peak), (whole, whole_peak) = fit(folder, steps, WINDOW), fit(folder, steps, None)
        print(f"without a limit: window {windowed:,.0f} rows/s, peak {peak:,.0f} MiB")
        print(f"without a limit: all rows {whole:,.0f} rows/s, peak {whole_peak:,.0f} MiB")
        limit = 448 << 20
        group = limited_group(limit)
        if group is None:
            print("no memory control group can be made here: nothing is said of a table larger than memory")
        else:
            try:
                for name, window, taken in (("window", WINDOW, steps), ("all rows", None, steps // 4)):
                    drop_cache(folder)
                    speed, rss = fit(folder, taken, window, str(group))
                    said = "ended by the system, out of memory" if speed is None else f"{speed:,.0f} rows/s, peak {rss:,.0f} MiB"
                    print(f"within {limit >> 20} MiB, page cache included: {name} {said}")
            finally:
                group.rmdir()
        report("streaming", [(1 / windowed, 1 / whole)], bound=1.25)


main()
