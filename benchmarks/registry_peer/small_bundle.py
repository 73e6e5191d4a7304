"""The files of a small model, for both sides: what they store must be the same."""

import json
import os


def write_bundle(bundle):
    """Weights, contract and card that no version had before."""
    data = os.urandom(8192)
    header = json.dumps({"w": {"dtype": "U8", "shape": [8192], "data_offsets": [0, 8192]}}).encode()
    (bundle / "weights.safetensors").write_bytes(len(header).to_bytes(8, "little") + header + data)
    (bundle / "contract.json").write_text(json.dumps({"id": os.urandom(16).hex(), "text": "x" * 2000}))
    (bundle / "README.md").write_text(f"# model {os.urandom(8).hex()}")
