"""Peak memory of a whole `fit` on diamonds repeated to two million rows.

Bound: at most 4 × the encoded tensors, above what importing torch and Lightning takes (process high-water RSS).
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import ROOT

COPIES = 37
ENCODED_BYTES_PER_ROW = 4 * (6 + 3 + 1)
BOUND = 4.0
IMPORTS = "import torch, lightning.pytorch, polars, tensorboard"


def peak(command):
    """The high-water RSS of a process in bytes."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    errors = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        sys.exit(f"{command} failed:\n{errors.decode()[-2000:]}")
    return usage.ru_maxrss * 1024


def main():
    with tempfile.TemporaryDirectory() as folder:
        header, rows = (ROOT / "recipes" / "data" / "diamonds.csv").read_bytes().split(b"\n", 1)
        data = Path(folder) / "diamonds.csv"
        with data.open("wb") as file:
            file.write(header + b"\n")
            for _ in range(COPIES):
                file.write(rows)
        settings = [f"datasource={data}", "trainer.max_epochs=1", "trainer.batch_size=4096", "registry="]
        command = ["fit", "recipes/diamonds.yaml", *settings, "--workspace", folder]
        baseline = peak([sys.executable, "-c", IMPORTS])
        whole = peak([sys.executable, "-m", "ymltrain", *command])
        encoded = COPIES * rows.count(b"\n") * ENCODED_BYTES_PER_ROW
    ratio = (whole - baseline) / encoded
    verdict = "within" if ratio <= BOUND else "ABOVE"
    mib = 1 << 20
    print(f"memory: peak {whole / mib:.0f} MiB, imports {baseline / mib:.0f} MiB, encoded tensors {encoded / mib:.0f} MiB")
    print(f"memory: {ratio:.2f} times the encoded tensors above the imports ({verdict} {BOUND})")
    print(
        json.dumps({"benchmark": "memory", "ratio": ratio, "bound": BOUND, "peak": whole, "imports": baseline, "encoded": encoded})
    )


main()
