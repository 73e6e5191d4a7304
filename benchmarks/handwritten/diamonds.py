"""The diamonds recipe as a person writes it by hand in plain torch: the peer that a whole `fit` is measured against.

Same file, columns, model (two hidden layers of 128, ReLU), optimizer, batch size and epochs. It reads with polars, slices
by index, and writes its weights; it keeps no record, no checkpoints, and cannot be resumed.

    python diamonds.py data.csv weights.pt EPOCHS [--steps]

Prints one JSON line: seconds a step in the training loop, and the test RMSE.
"""

import json
import sys
import time

import polars as pl
import torch
from torch import nn

NUMBERS = ["carat", "depth", "table", "x", "y", "z"]
CATEGORIES = ["cut", "color", "clarity"]
BATCH = 256


class Network(nn.Module):
    """Embedded categories beside numbers, two hidden layers."""

    def __init__(self, cardinalities):
        super().__init__()
        self.embeddings = nn.ModuleList(nn.Embedding(n, (n + 1) // 2) for n in cardinalities)
        width = len(NUMBERS) + sum((n + 1) // 2 for n in cardinalities)
        self.layers = nn.Sequential(nn.Linear(width, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1))

    def forward(self, numbers, categories):
        embedded = [embedding(categories[:, i]) for i, embedding in enumerate(self.embeddings)]
        return self.layers(torch.cat([numbers, *embedded], dim=1)).squeeze(1)


def main():
    path, weights, epochs = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.manual_seed(7)
    frame = pl.read_csv(path)
    numbers = torch.tensor(frame.select(NUMBERS).to_numpy(), dtype=torch.float32)
    categories = torch.stack(
        [torch.from_numpy(frame[name].cast(pl.Categorical).to_physical().to_numpy().astype("int64")) for name in CATEGORIES], dim=1
    )
    target = torch.log(torch.tensor(frame["price"].to_numpy(), dtype=torch.float32))
    order = torch.randperm(len(target), generator=torch.Generator().manual_seed(7))
    train, test = order[: int(0.8 * len(order))], order[int(0.9 * len(order)) :]
    numbers = (numbers - numbers[train].mean(0)) / numbers[train].std(0)
    mean, std = target[train].mean(), target[train].std()
    target = (target - mean) / std

    network = Network([int(categories[:, i].max()) + 1 for i in range(len(CATEGORIES))])
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3)
    x, c, y = numbers[train], categories[train], target[train]
    steps, started = 0, time.perf_counter()
    for _ in range(epochs):
        shuffled = torch.randperm(len(y))
        for start in range(0, len(y), BATCH):
            rows = shuffled[start : start + BATCH]
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(network(x[rows], c[rows]), y[rows])
            loss.backward()
            optimizer.step()
            steps += 1
    seconds = time.perf_counter() - started
    with torch.no_grad():
        predicted = torch.exp(network(numbers[test], categories[test]) * std + mean)
        true = torch.exp(target[test] * std + mean)
        rmse = float(((predicted - true) ** 2).mean().sqrt())
    torch.save(network.state_dict(), weights)
    print(json.dumps({"seconds_per_step": seconds / steps, "test_rmse": rmse, "loop_seconds": seconds}))


main()
