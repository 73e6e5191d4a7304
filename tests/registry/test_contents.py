"""What a version's files may hold."""

from __future__ import annotations

import json
import struct

import pytest

from ymltrain.registry.contents import check_content


@pytest.mark.parametrize("length", [0x0280, 0x0380, 0x0480, 0x0580])
def test_weights_whose_header_is_as_long_as_a_pickle_begins_are_weights(tmp_path, length):
    """The first two bytes of safetensors are a length: at 640 bytes they read as those of a pickle."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode().ljust(length)
    path = tmp_path / "weights.safetensors"
    path.write_bytes(struct.pack("<Q", length) + header + bytes(4))
    check_content(path, path.name)
