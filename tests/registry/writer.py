"""A process that registers versions as fast as it can, and prints each number once it is told that it is committed.

Usage: python writer.py REGISTRY BUNDLE MODEL COUNT
"""

from __future__ import annotations

import sys
from pathlib import Path

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.registry import Registry

root, bundle, model, count = sys.argv[1:]
registry = Registry(FilesystemRegistry(FilesystemParams(url=root)), actor="writer")
sys.stdout.reconfigure(line_buffering=True)
sys.stdout.write("ready\n")
sys.stdin.readline()
for _ in range(int(count)):
    sys.stdout.write(f"{registry.register(Path(bundle), model=model).version}\n")
