"""What edges must be, wherever they are written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise


def edge_problem(edges: Sequence[float]) -> str | None:
    """What is wrong with the edges that cut a column of numbers, or None."""
    if len(edges) < 2 or not all(map(math.isfinite, edges)):
        return "edges are two numbers at least"
    if any(high <= low for low, high in pairwise(edges)):
        return "each edge is larger than the one before"
    return None
