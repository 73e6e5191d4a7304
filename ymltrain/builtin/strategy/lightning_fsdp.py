"""Lightning's ModelParallelStrategy, which drives FSDP2, for networks that are not sharded when it looks at them."""

from __future__ import annotations

from lightning.pytorch.strategies import ModelParallelStrategy


class PlainModelParallel(ModelParallelStrategy):
    """As it is: `configure_model` of our module shards the network, by the plugin."""
