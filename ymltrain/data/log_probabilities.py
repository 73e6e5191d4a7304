"""What a network's logits say of the tokens that really followed: one way for evaluation and prediction."""

from __future__ import annotations

from torch import Tensor


def log_probabilities(logits: Tensor, target: Tensor) -> Tensor:
    """Of logits `[n, tokens, width]`: the log of the probability of each true token, `[n, tokens]`; of none anything."""
    chosen = logits.gather(2, target.clamp(min=0).long()[:, :, None]).squeeze(2)
    return chosen - logits.logsumexp(dim=2)
