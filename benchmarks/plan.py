"""Plans of a model of eight billion weights: `plan` against importing torch, which it does without; `--world 1024 --measure`.

Bounds: 3 s without `--measure`, and no torch loaded; 60 s and 6 GiB of resident memory with it.
"""

import json
import resource
import statistics
import subprocess
import sys
import time

from measure import ROOT, compile_sources, pairs, report, run

ROUNDS = 5
RECIPE = [str(ROOT / "recipes" / "language_model.yaml"), "--profile", "llama-3-8b"]
WEIGHTS = 8_030_261_248
LOADED = """
import sys
from ymltrain.cli.main import run
run(sys.argv[1:])
print(" and ".join({"torch", "lightning"} & set(sys.modules)) or "neither torch nor lightning")
"""


def plain() -> float:
    """Seconds of a plan."""
    seconds, printed = run([sys.executable, "-m", "ymltrain", "plan", *RECIPE, "--json"])
    assert json.loads(printed)
    return seconds


def main():
    compile_sources()
    measured = pairs(plain, lambda: run([sys.executable, "-c", "import torch"])[0], ROUNDS)
    told = subprocess.run([sys.executable, "-m", "ymltrain", "plan", *RECIPE], capture_output=True, text=True, check=True)
    loaded = subprocess.run([sys.executable, "-c", LOADED, "plan", *RECIPE], capture_output=True, text=True, check=True)
    seconds = statistics.median(ours for ours, _ in measured)
    report("plan-8b-to-import-torch", measured, bound=float("inf"))
    print(f"plan of the 8B recipe: {seconds:.2f} s (bound 3), loaded: {loaded.stdout.splitlines()[-1]}")
    print(f"it states {WEIGHTS:,} weights: {f'{WEIGHTS:,}' in told.stdout + told.stderr}")
    started = time.perf_counter()
    run([sys.executable, "-m", "ymltrain", "plan", *RECIPE, "--world", "1024", "--measure"])
    seconds = time.perf_counter() - started
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    print(f"plan --world 1024 --measure: {seconds:.1f} s (bound 60), at most {most:.2f} GiB resident (bound 6)")
    print(json.dumps({"benchmark": "plan-measure", "seconds": seconds, "gib": most}))


main()
