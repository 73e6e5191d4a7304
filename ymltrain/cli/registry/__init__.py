"""`ymltrain registry`: a registry as a whole."""

from __future__ import annotations

from ymltrain.cli.examples import examples
from ymltrain.cli.lazy_group import LazyGroup

VERBS: dict[str, tuple[str, str]] = {
    "init": ("ymltrain.cli.registry.init", "Begin a registry; a store is tried before it is trusted."),
    "upgrade": ("ymltrain.cli.registry.upgrade", "Bring a registry of an earlier ymltrain to the present format."),
}

command = LazyGroup(
    "registry",
    VERBS,
    help_text="Begin a registry, or bring it to the present format.",
    epilog=examples("ymltrain registry init --registry s3://bucket/models"),
)
