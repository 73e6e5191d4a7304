"""A process that registers versions with files of their own. Usage: python our_writer.py REGISTRY FOLDER MODEL COUNT."""

import os
import sys
from pathlib import Path

from small_bundle import write_bundle

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.registry import Made, Registry

root, folder, model, count = sys.argv[1:]
registry = Registry(FilesystemRegistry(FilesystemParams(url=root)))
bundle = Path(folder) / str(os.getpid())
bundle.mkdir()

print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(count)):
    write_bundle(bundle)
    registry.register(bundle, model=model, made=Made(metrics={"test/rmse": 1.0}))
print("done", flush=True)
