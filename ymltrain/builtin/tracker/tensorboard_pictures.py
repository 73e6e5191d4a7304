"""What the evaluation in a bundle found, as pictures: who is taken for whom, predictions against what came true, residuals."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from PIL import Image, ImageDraw  # TensorBoard depends on it

EVALUATION_FILE = "evaluation.json"
INK, FAINT, LINES = "#1f2933", "#cbd2d9", ("#2166ac", "#b2182b", "#1b7837", "#762a83", "#e08214", "#35978f", "#8c510a", "#4d4d4d")
CELL, MARGIN = 56, 110
WIDTH, HEIGHT, EDGE = 560, 400, 60
LONGEST_LABEL = 14

Points: TypeAlias = Sequence[tuple[float, float]]


def evaluation_pictures(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Name and PNG of each chart of the folder's evaluation; none where it holds none that can be read."""
    try:
        found = json.loads((folder / EVALUATION_FILE).read_bytes())
        part = str(found["part"])
        for table in found["confusion"]:
            yield _named(part, "confusion", table["label"]), _confusion(table["classes"], table["counts"])
        if found["calibration"]:
            yield f"{part}/calibration", _calibration(found["calibration"])
        if found["residuals"] is not None:
            yield f"{part}/residuals", _bars(found["residuals"]["edges"], found["residuals"]["counts"])
    except (OSError, ValueError, KeyError, TypeError):  # no evaluation, or one of another version
        return


def _named(part: str, chart: str, label: str | None) -> str:
    return f"{part}/{chart}" if label is None else f"{part}/{chart}/{label}"


def _confusion(classes: Sequence[str], counts: Sequence[Sequence[int]]) -> bytes:
    """True classes down, predicted ones across; a cell is as dark as its share of the row."""
    side = MARGIN + CELL * len(classes) + 20
    picture, draw = _canvas(side, side)
    draw.text((MARGIN, 8), "predicted", fill=INK)
    draw.text((8, MARGIN - 20), "true", fill=INK)
    for down, (name, row) in enumerate(zip(classes, counts, strict=True)):
        top = MARGIN + CELL * down
        draw.text((8, top + CELL // 2 - 6), _short(name), fill=INK)
        draw.text((MARGIN + CELL * down + 4, MARGIN - 20 - 14 * (down % 3)), _short(name), fill=INK)
        for across, count in enumerate(row):
            share = count / max(1, sum(row))
            box = (MARGIN + CELL * across, top, MARGIN + CELL * (across + 1) - 2, top + CELL - 2)
            draw.rectangle(box, fill=tuple(round(255 - (255 - dark) * share) for dark in (33, 102, 172)))
            draw.text((box[0] + 6, top + CELL // 2 - 6), f"{count:,}", fill="white" if share > 0.5 else INK)
    return _png(picture)


def _calibration(curves: Sequence[Any]) -> bytes:
    """Mean prediction across, what came true up; on the grey line both are the same."""
    lines = {_short(curve["label"] or ""): [(bin_["predicted"], bin_["observed"]) for bin_ in curve["bins"]] for curve in curves}
    values = [value for points in lines.values() for point in points for value in point]
    low, high = min(values), max(values)
    picture, draw = _canvas(WIDTH, HEIGHT)
    _frame(draw, (low, high), (low, high), ("predicted", "came true"))
    draw.line([_place((value, value), (low, high), (low, high)) for value in (low, high)], fill=FAINT, width=2)
    for number, (label, points) in enumerate(lines.items()):
        color = LINES[number % len(LINES)]
        places = [_place(point, (low, high), (low, high)) for point in points]
        draw.line(places, fill=color, width=2)
        for x, y in places:
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=color)
        draw.text((EDGE + 10, 14 + 14 * number), label, fill=color)
    return _png(picture)


def _bars(edges: Sequence[float], counts: Sequence[int]) -> bytes:
    """Truth minus prediction across, rows up."""
    across, up = (edges[0], edges[-1]), (0.0, float(max(counts, default=1)))
    picture, draw = _canvas(WIDTH, HEIGHT)
    _frame(draw, across, up, ("truth − prediction", "rows"))
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        (x0, y0), (x1, y1) = _place((left, count), across, up), _place((right, 0.0), across, up)
        draw.rectangle((x0, y0, max(x0, x1 - 1), y1), fill=LINES[0])
    return _png(picture)


def _frame(draw: Any, across: tuple[float, float], up: tuple[float, float], titles: tuple[str, str]) -> None:
    draw.rectangle((EDGE, 10, WIDTH - 15, HEIGHT - EDGE), outline=FAINT)
    for value in (across[0], sum(across) / 2, across[1]):
        draw.text((_place((value, up[0]), across, up)[0] - 15, HEIGHT - EDGE + 6), f"{value:.3g}", fill=INK)
    for value in (up[0], sum(up) / 2, up[1]):
        draw.text((4, _place((across[0], value), across, up)[1] - 6), f"{value:.3g}", fill=INK)
    draw.text((WIDTH // 2 - 80, HEIGHT - 26), f"{titles[1]} (up) by {titles[0]} (across)", fill=INK)


def _place(point: tuple[float, float], across: tuple[float, float], up: tuple[float, float]) -> tuple[float, float]:
    """Where on the picture a point lies."""
    x = (point[0] - across[0]) / ((across[1] - across[0]) or 1.0)
    y = (point[1] - up[0]) / ((up[1] - up[0]) or 1.0)
    return EDGE + x * (WIDTH - 15 - EDGE), HEIGHT - EDGE - y * (HEIGHT - EDGE - 10)


def _canvas(width: int, height: int) -> tuple[Image.Image, Any]:
    picture = Image.new("RGB", (width, height), "white")
    return picture, ImageDraw.Draw(picture)


def _short(label: str) -> str:
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _png(picture: Image.Image) -> bytes:
    content = io.BytesIO()
    picture.save(content, "PNG", optimize=True)
    return content.getvalue()
