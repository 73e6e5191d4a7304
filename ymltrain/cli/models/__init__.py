"""`ymltrain models`: the registry, one module a verb."""

from __future__ import annotations

from ymltrain.cli.examples import examples
from ymltrain.cli.lazy_group import LazyGroup

VERBS: dict[str, tuple[str, str]] = {
    "ls": ("ymltrain.cli.models.ls", "List all models with their newest version and aliases."),
    "show": ("ymltrain.cli.models.show", "Show all versions of a model with their metrics and aliases."),
    "log": ("ymltrain.cli.models.log", "Show all that happened to a model, or what it was at a time."),
    "register": ("ymltrain.cli.models.register", "Register the bundle of a run, or a bundle folder."),
    "promote": ("ymltrain.cli.models.promote", "Put a version before the gates of an alias, and move it when all pass."),
    "alias": ("ymltrain.cli.models.alias", "Point an alias at a version, take it away, or protect it."),
    "rollback": ("ymltrain.cli.models.rollback", "Put an alias back to what it was before its last move."),
    "review": ("ymltrain.cli.models.review", "Approve, reject or archive a version."),
    "yank": ("ymltrain.cli.models.yank", "Withdraw a version, with a reason."),
    "tag": ("ymltrain.cli.models.tag", "Set tags and the description of a version or a model."),
    "diff": ("ymltrain.cli.models.diff", "Compare two versions: contract, params, data, code, metrics, weights."),
    "lineage": ("ymltrain.cli.models.lineage", "Show what a version was made from, or which versions data went into."),
    "card": ("ymltrain.cli.models.card", "Print the model card of a version."),
    "pull": ("ymltrain.cli.models.pull", "Copy a version to a folder, or a model with its history from another registry."),
    "push": ("ymltrain.cli.models.push", "Copy a model with its history to another registry."),
    "verify": ("ymltrain.cli.models.verify", "Read and check every event and every byte."),
    "fsck": ("ymltrain.cli.models.fsck", "Find every kind of damage, and repair what can be."),
    "gc": ("ymltrain.cli.models.gc", "Remove content that no version refers to."),
}

command = LazyGroup(
    "models",
    VERBS,
    help_text="Versions of models: find, compare, promote, move, check and copy them.",
    epilog=examples("ymltrain models ls", "ymltrain models show diamonds-price"),
)
