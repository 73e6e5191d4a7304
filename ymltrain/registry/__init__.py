"""The model registry: immutable versions, aliases and promotions as the fold of one append-only log per model.

    <registry>/FORMAT.json                            which format this is
               blobs/sha256/ab/<64 hex digits>        content: the files of versions, and their manifests
               models/<name>/log/<20 digits>.json     the events, from 1 without a gap: the only commit point
               models/<name>/head.json, checkpoint.json   hints that save reading the whole log
               attestations/sha256/ab/<64 hex digits>.…  what is claimed of a version, by its manifest's digest
               staging/                               files on their way in, of local registries

What is refused, by code of the RegistryError: YT950 a place no registry can be kept in (PluginError), YT951 an
unsafe or invalid name, YT952 no such model, version or alias, YT953 a lost compare-and-set, YT954 a fault of the
storage, YT955 damage, YT956 what only a newer ymltrain or format understands, YT957 a commit that was overtaken too
often or whose outcome is not known, YT958 a folder that may not become a version, YT959 a write that contradicts an
earlier one or compares what cannot be compared, YT970 a storage that ignores the condition of exclusive creation,
YT971 a protected alias, YT972 histories that differ.
"""

from ymltrain.registry.events import GateOutcome, Link, Promotion
from ymltrain.registry.gates import Evidence, Goal, GoldenReplay, SkewVerdict
from ymltrain.registry.location import located
from ymltrain.registry.made import Made
from ymltrain.registry.references import Reference, parse_reference
from ymltrain.registry.registry import Registry
from ymltrain.registry.state import ModelState, Version
from ymltrain.registry.write import new_write_id

__all__ = [
    "Evidence",
    "GateOutcome",
    "Goal",
    "GoldenReplay",
    "Link",
    "Made",
    "ModelState",
    "Promotion",
    "Reference",
    "Registry",
    "SkewVerdict",
    "Version",
    "located",
    "new_write_id",
    "parse_reference",
]
