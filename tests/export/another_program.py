"""A program that is not ymltrain: rows as JSON to predictions, by preprocessing.json and model.onnx alone.

`python another_program.py EXPORT ROWS` prints a JSON list of the outputs of each row. It imports numpy and onnxruntime.
"""

import hashlib
import json
import math
import re
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import onnxruntime


def words_of(text, length):
    return re.findall(r"\w+", (text or "").lower())[:length]


def bucket(text, buckets):
    return 1 + int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") % buckets


def filled(ids, length):
    return ids + [0] * (length - len(ids))


def raw(value, columns):
    if value is None:
        return [math.nan] * columns
    return [float(place) for place in value] if isinstance(value, list) else [float(value)]


def vocabulary(value, state):
    if value is None:
        return [len(state["values"]) + 1 if state["has_null"] else 0]
    return [state["values"].index(value) + 1 if value in state["values"] else 0]


def ordinal(value, state):
    rank = state["values"].index(value) if value in state["values"] else state["mean"]
    return [(rank - state["mean"]) / state["std"], *([float(value is None)] if state["has_indicator"] else [])]


def timestamp(value, state, zone):
    parts = {"time_of_day": 86_400, "day_of_week": 7, "day_of_year": 366}
    width = 2 * len(state["cyclic"]) + state["linear"]
    if value is None:
        return [0.0] * width + [1.0] * state["has_indicator"]
    moment = datetime.fromisoformat(value)
    local = moment.astimezone(ZoneInfo(zone))
    shown = {
        "time_of_day": local.hour * 3600 + local.minute * 60 + local.second,
        "day_of_week": local.isoweekday(),
        "day_of_year": local.timetuple().tm_yday,
    }
    angles = [shown[part] * 2 * math.pi / parts[part] for part in state["cyclic"]]
    encoded = [turned(angle) for angle in angles for turned in (math.sin, math.cos)]
    return encoded + [(moment.timestamp() - state["mean"]) / state["std"]] * state["linear"] + [0.0] * state["has_indicator"]


def encode(value, feature):
    state = feature["encoder"]["state"]
    match feature["encoder"]["type"]:
        case _ if feature["formula"] is not None:
            return raw(value, feature["columns"])
        case "vocabulary":
            return vocabulary(value, state)
        case "hashing":
            return [state["buckets"] + 1 if value is None else bucket(value, state["buckets"])]
        case "ordinal":
            return ordinal(value, state)
        case "words":
            ids = [state["words"].index(word) + 2 if word in state["words"] else 1 for word in words_of(value, state["length"])]
            return filled(ids, state["length"])
        case "hashed_words":
            return filled([bucket(word, state["buckets"]) for word in words_of(value, state["length"])], state["length"])
        case "timestamp":
            return timestamp(value, state, feature["time_zone"])
    raise ValueError(feature["encoder"]["type"])


def main(export, rows):
    contract = json.loads((export / "preprocessing.json").read_text())
    arrays = {array["name"]: np.zeros((len(rows), array["shape"][1]), array["dtype"]) for array in contract["inputs"]}
    for feature in contract["features"]:
        columns = slice(feature["first"], feature["first"] + feature["columns"])
        for number, row in enumerate(rows):
            arrays[feature["input"]][number, columns] = encode(row[feature["column"]], feature)
    session = onnxruntime.InferenceSession(export / contract["file"])
    names = [output["name"] for output in contract["outputs"]]
    outputs = dict(zip(names, session.run(names, arrays), strict=True))
    classes = contract["target"]["classes"]
    return [
        {"label": classes[decision], "probabilities": probabilities}
        for decision, probabilities in zip(outputs["decision"].tolist(), outputs["probabilities"].tolist(), strict=True)
    ]


if __name__ == "__main__":
    with Path(sys.argv[2]).open(encoding="utf-8") as file:
        print(json.dumps(main(Path(sys.argv[1]), [json.loads(line) for line in file])))
    assert not {"ymltrain", "torch", "polars"} & set(sys.modules)
