"""Where a key belongs that stands in the wrong place, or goes by another tool's name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ymltrain.diagnostics import KeyPath, nearest_name
from ymltrain.recipe.key_path import format_key_path

OTHER_NAMES: dict[str, str] = {
    "callbacks": "trainer.early_stopping and trainer.checkpoint",
    "batch": "trainer.batch_size",
    "clip": "trainer.gradient_clip_val",
    "data": "datasource",
    "dataset": "datasource",
    "epochs": "trainer.max_epochs",
    "gpus": "compute.devices",
    "gradient_accumulation_steps": "trainer.accumulate_grad_batches",
    "label": "target",
    "learning_rate": "optimizer.lr",
    "logger": "tracker",
    "max_grad_norm": "trainer.gradient_clip_val",
    "n_epochs": "trainer.max_epochs",
    "num_epochs": "trainer.max_epochs",
    "num_nodes": "compute.nodes",
    "output": "target",
    "random_state": "seed",
    "report_to": "tracker",
    "scheduler": "lr_scheduler",
    "task": "target.task",
    "training": "trainer",
}
"""Keys that other tools use, and what a recipe calls them."""

LIKENESS = 0.75
"""How like a key of another section a key must be to be taken for it."""


def hint_for_unknown_key(key: str, parent: KeyPath, near_here: str, belongs: Mapping[str, Iterable[KeyPath]]) -> str:
    """What to do about an unknown key: where it belongs, the nearest name here or elsewhere, or what there is here."""
    folded = key.lower().replace("-", "_")
    places = [place for place in belongs.get(folded, ()) if place[:-1] != parent]
    if places:
        return f"it belongs {_where(places)}"
    if folded in OTHER_NAMES:
        return f"a recipe calls it {OTHER_NAMES[folded]}"
    if near_here.startswith("did you mean"):
        return near_here
    near = nearest_name(key, belongs, LIKENESS)
    if near is None:
        return near_here or "nothing more may stand here"
    places = list(belongs[near])
    is_here = any(place[:-1] == parent for place in places)
    return f'did you mean "{near}"?' + ("" if is_here else f" It belongs {_where(places)}")


def _where(places: list[KeyPath]) -> str:
    names = sorted({format_key_path(place[:-1]) for place in places})
    return " or ".join(f"in {name}" if name else "at the top level" for name in names)
