"""Lightning's DDP strategy that leaves the module alone: what is wrapped is the network, by the plugin.

Lightning wraps the whole module, for which one backward pass a call is all there may be; ours takes several steps.
"""

from __future__ import annotations

from lightning.pytorch.strategies import DDPStrategy


class PlainDDP(DDPStrategy):
    """Processes and devices as DDP has them, nothing wrapped."""

    def configure_ddp(self) -> None:
        """Nothing: `distribute` has wrapped the network."""
