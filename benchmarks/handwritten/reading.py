"""A table read and encoded as a person writes it in plain polars: the peer of ymltrain's reading.

Reads the whole file at once, splits by a shuffled index, standardises with the train rows, numbers the categories, and
ends with float32 and int32 arrays for each split. It checks nothing, counts nothing, and knows no unseen category.

    python reading.py data.csv

Prints one JSON line: the rows and the seconds of reading and encoding, imports left out.
"""

import json
import sys
import time

import numpy as np
import polars as pl

NUMBERS = ["carat", "depth", "table", "x", "y", "z"]
CATEGORIES = ["cut", "color", "clarity"]


def main():
    started = time.perf_counter()
    frame = pl.read_csv(sys.argv[1])
    rows = frame.height
    order = np.random.default_rng(7).permutation(rows)
    parts = [np.sort(part) for part in np.split(order, [int(0.7 * rows), int(0.85 * rows)])]
    train = frame[parts[0]]
    scaled = frame.select((pl.col(name) - train[name].mean()) / train[name].std() for name in NUMBERS)
    numbers = scaled.to_numpy().astype(np.float32)
    vocabularies = {name: pl.Enum(train[name].unique().sort()) for name in CATEGORIES}
    codes = frame.select(pl.col(name).cast(vocabularies[name]).to_physical().cast(pl.Int32) for name in CATEGORIES)
    categories = codes.to_numpy()
    target = np.log(frame["price"].to_numpy())
    target = ((target - target[parts[0]].mean()) / target[parts[0]].std()).astype(np.float32)
    splits = [(numbers[part], categories[part], target[part]) for part in parts]
    assert sum(len(part[2]) for part in splits) == rows
    print(json.dumps({"rows": rows, "seconds": time.perf_counter() - started}))


main()
