"""A process that registers versions with files of their own. Usage: python our_writer.py REGISTRY FOLDER MODEL COUNT."""

import json
import os
import sys
from pathlib import Path

from ymltrain.builtin.registry.filesystem import FilesystemParams, FilesystemRegistry
from ymltrain.registry import Made, Registry

root, folder, model, count = sys.argv[1:]
registry = Registry(FilesystemRegistry(FilesystemParams(url=root)))
bundle = Path(folder) / str(os.getpid())
bundle.mkdir()


def fresh_bundle():
    """Weights, contract and card that no version had before."""
    data = os.urandom(8192)
    header = json.dumps({"w": {"dtype": "U8", "shape": [8192], "data_offsets": [0, 8192]}}).encode()
    (bundle / "weights.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + data)
    (bundle / "contract.json").write_text(json.dumps({"id": os.urandom(16).hex(), "text": "x" * 2000}))
    (bundle / "README.md").write_text(f"# model {os.urandom(8).hex()}")


print("ready", flush=True)
sys.stdin.readline()
for _ in range(int(count)):
    fresh_bundle()
    registry.register(bundle, model=model, made=Made(metrics={"test/rmse": 1.0}))
print("done", flush=True)
