"""What the plugins of datasets, splits and encoders have in common."""

from __future__ import annotations

import subprocess
import sys


def test_loading_them_imports_no_polars_and_no_numpy():
    """What `check` and `plugins` load stays light: polars and numpy come with the first row that is read."""
    kinds = {"datasource": ("csv", "parquet"), "split": ("hash", "random"), "encoder": ("standard", "vocabulary")}
    modules = [f"ymltrain.builtin.{kind}.{name}" for kind, names in kinds.items() for name in names]
    program = f"import sys, {', '.join(modules)}; print([name for name in ('polars', 'numpy', 'torch') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
