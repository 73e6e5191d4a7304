"""`ymltrain check` and `--help` against importing Lightning: start-up must not be felt.

Bound: at most 0.10 of the wall time of `python -c "import lightning.pytorch"`.
"""

import sys

from measure import compile_sources, pairs, report, run

ROUNDS = 5
LIGHTNING = [sys.executable, "-c", "import lightning.pytorch"]
YMLTRAIN = [sys.executable, "-m", "ymltrain"]


def main():
    compile_sources()
    for name, arguments in (
        ("check", ["check", "recipes/diamonds.yaml"]),
        ("help", ["--help"]),
        ("plan", ["plan", "recipes/diamonds.yaml"]),
    ):
        measured = pairs(lambda arguments=arguments: run([*YMLTRAIN, *arguments])[0], lambda: run(LIGHTNING)[0], ROUNDS)
        report(f"startup-{name}", measured, bound=0.10 if name != "plan" else 0.25)


main()
