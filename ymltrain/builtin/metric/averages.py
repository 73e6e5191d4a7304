"""How a metric of classes or labels becomes one number, in the words of its param."""

AVERAGES = (
    "`macro` takes the plain mean over classes or labels, `weighted` by their size; `micro` counts rows. "
    "Of a binary target the positive class counts."
)
