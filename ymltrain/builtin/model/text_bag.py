"""The words of a text as one vector."""

from __future__ import annotations

from torch import Tensor, nn


class TextBag(nn.Module):
    """The sum of the words' embeddings over the square root of how many words there are: `[n, columns]` from ids `[n, words]`.

    As vectors of independent words, these are as long for a long text as for a short one. A mean of them fades as a text grows,
    until the numbers beside it drown it. Id 0 is no word.
    """

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.words = nn.EmbeddingBag(rows, columns, mode="sum", padding_idx=0)

    def forward(self, ids: Tensor) -> Tensor:
        total: Tensor = self.words(ids)
        count = (ids != 0).sum(dim=1, keepdim=True).clamp(min=1)
        return total / count.to(total.dtype).sqrt()
