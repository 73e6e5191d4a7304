"""A small table with a column of every type and a target of every kind."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

ROWS = 240
FEATURES = """\
features:
  plain: number
  wide: {type: number, encoder: robust}
  rank: {type: number, encoder: {type: quantile, knots: 20}}
  kept: {type: number, encoder: none}
  flag: boolean
  when: {type: timestamp, time_zone: Europe/Berlin}
  words: text
  hashed words: {type: text, encoder: {type: hashed_words, buckets: 50, length: 6}}
  place: vector
  cat: category
  many: {type: category, encoder: {type: hashing, buckets: 30}}
  size: {type: category, order: [S, M, L], encoder: ordinal}
"""
TARGETS = {
    "regression": "{column: y, transform: log}",
    "binary": "{column: yes, task: binary, threshold: 0.3}",
    "classification": "{column: kind, type: category}",
    "multilabel": "{columns: [tag a, tag b]}",
    "ordinal": "{column: kind, task: ordinal, order: [low, mid, high]}",
}
RECIPE = """\
recipe: 1
name: mixed
datasource: {data}
{features}target: {target}
model: {model}
trainer: {{max_epochs: 1, batch_size: 64}}
tracker: []
skew: {{golden_rows: 24, profile: false}}
"""


def write_rows(path: Path) -> None:
    """JSON lines, the same each time."""
    draw = random.Random(3)
    with path.open("w", encoding="utf-8") as file:
        for number in range(ROWS):
            file.write(json.dumps(_row(number, draw), ensure_ascii=False) + "\n")


def _row(number: int, draw: random.Random) -> dict[str, object]:
    x, letter = draw.gauss(3, 10), draw.choice("abcd")
    y = 2 * x + (5 if letter == "a" else 0) + draw.gauss(0, 1)
    moment = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=7 * number, minutes=number)
    return {
        "plain": x if number % 13 else None,
        "wide": draw.lognormvariate(0, 3),
        "rank": draw.random() ** 3,
        "kept": draw.random(),
        "flag": draw.random() < 0.3 if number % 17 else None,
        "when": moment.isoformat() if number % 29 else None,
        "words": " ".join(draw.choice(["red", "Blue", "green", "ünder", "x_1"]) for _ in range(number % 9)),
        "hashed words": " ".join(draw.choice(["one", "two", "three"]) for _ in range(number % 5)),
        "place": [draw.gauss(0, 1), draw.gauss(5, 2)] if number % 19 else None,
        "cat": letter if number % 23 else None,
        "many": f"id {draw.randrange(80)}",
        "size": draw.choice(["S", "M", "L"]),
        "y": y + 200,
        "yes": y > 5,
        "kind": "low" if y < -5 else "mid" if y < 15 else "high",
        "tag a": y > 0,
        "tag b": letter == "a",
    }
