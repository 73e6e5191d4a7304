"""Pressing TAB against `--help`: whoever completes waits for it at each press.

Bound: at most 3 times the wall time of `ymltrain --help`, also where the keys of a recipe's plugins are completed.
"""

import os
import sys

from measure import compile_sources, pairs, report, run

ROUNDS = 9
YMLTRAIN = [sys.executable, "-m", "ymltrain"]


def main():
    compile_sources()
    for name, words in (
        ("verbs", [""]),
        ("files", ["check", "recipes/"]),
        ("plugins", ["plugins", "show", "model", ""]),
        ("keys", ["check", "recipes/diamonds.yaml", "optimizer."]),
    ):

        def press(words=words):
            os.environ["_YMLTRAIN_COMPLETE"] = "zsh"
            try:
                return run([*YMLTRAIN, *words])[0]
            finally:
                del os.environ["_YMLTRAIN_COMPLETE"]

        report(f"completion-{name}", pairs(press, lambda: run([*YMLTRAIN, "--help"])[0], ROUNDS), bound=3.0)


main()
