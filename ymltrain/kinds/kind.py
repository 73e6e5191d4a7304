"""The kinds of plugin there are, and what an implementation of each must have."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Kind:
    """One kind of plugin.

    `members` are the attributes an implementation must have (checked when it is loaded);
    `owned_keys` are the keys the framework itself reads in such a node of a recipe, which
    therefore may not be names of a plugin's params.
    """

    name: str
    summary: str
    members: tuple[str, ...]
    owned_keys: tuple[str, ...] = field(default=("type",))

    @property
    def entry_point_group(self) -> str:
        """The entry point group through which distributions offer plugins of this kind."""
        return f"ymltrain.{self.name}"


TUNER_KEYS = (
    "type",
    "metric",
    "goal",
    "max_trials",
    "max_time",
    "max_failures",
    "parallel",
    "deterministic",
    "pruner",
    "space",
    "constraints",
    "try_first",
    "stop",
)

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "datasource",
            "rows of a table, as Arrow data",
            ("schema", "sample", "fingerprint", "batches"),
        ),
        Kind("split", "which rows train, validate and test", ("columns", "assign")),
        Kind("encoder", "a column as numbers a network can take", ("column_types", "start", "restore")),
        Kind("model", "a network", ("shapes", "build")),
        Kind("optimizer", "how weights follow gradients", ("tensors_per_weight", "build")),
        Kind("lr_scheduler", "the learning rate over steps", ("factor",)),
        Kind("loss", "what training minimises", ("tasks", "build")),
        Kind("metric", "what is reported and watched", ("tasks", "goal", "build")),
        Kind(
            "strategy", "how training spreads over devices", ("problems", "memory_per_rank", "build", "distribute", "accumulating")
        ),
        Kind("tracker", "an observer of run events", ("start", "observe", "finish")),
        Kind(
            "registry",
            "storage of model versions",
            (
                "single_writer",
                *("put_if_absent", "replace", "read", "has", "put_blobs", "open_blob"),
                *("list", "folders", "turn", "modified", "move", "delete", "sweep"),
            ),
            ("type", "name", "promote"),
        ),
        Kind("tuner", "a search strategy", ("problems", "suggest"), TUNER_KEYS),
        Kind("pruner", "which trials stop early", ("rungs", "decide", "promote")),
        Kind("launcher", "a Plan to where it runs", ("render", "submit", "follow")),
    )
}
