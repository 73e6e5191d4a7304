"""Tensors in the files of several ranks."""

from __future__ import annotations

import torch

from ymltrain.run.pieces import Assembly, Pieces


def test_what_every_rank_holds_whole_is_read_once(tmp_path):
    """A buffer stands in each rank's file beside the rows that this rank has of a weight."""
    weight, edges, count = torch.arange(6.0).reshape(3, 2), torch.linspace(0, 1, 5), torch.tensor(7)
    for rank, (start, stop) in enumerate(((0, 2), (2, 3))):
        held = {"weight": weight[start:stop].clone(), "edges": edges.clone(), "count": count.clone()}
        Pieces(held, {"weight": start}, {"weight": [3, 2]}).save(tmp_path / f"weights-{rank}.safetensors")
    whole = Assembly(tmp_path.glob("*.safetensors")).whole()
    assert {name: tensor.tolist() for name, tensor in whole.items()} == {
        "weight": weight.tolist(),
        "edges": edges.tolist(),
        "count": 7,
    }
