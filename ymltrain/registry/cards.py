"""The card of a registered version: that of its bundle, and what happened to it since."""

from __future__ import annotations

from ymltrain.registry.events import Promotion
from ymltrain.registry.faults import storage_faults
from ymltrain.registry.lineage import lineage_of
from ymltrain.registry.registry import Registry
from ymltrain.registry.state import Version

CARD_FILE = "README.md"


def registry_card(registry: Registry, version: Version) -> str:
    """Markdown in Hugging Face's layout. Raises RegistryError."""
    return f"{_bundle_card(registry, version).rstrip()}\n\n{_registry_section(registry, version)}"


def _bundle_card(registry: Registry, version: Version) -> str:
    for file in registry.manifest(version).files:
        if file.path == CARD_FILE:
            with storage_faults("read", registry.backend):
                return registry.blobs.read(file.digest, what=f"the card of {version}").decode("utf-8", "replace")
    return f"# {version.model}"


def _registry_section(registry: Registry, version: Version) -> str:
    reason = f" ({version.reason})" if version.reason else ""
    lines = [
        "## Registry",
        "",
        f"`{version}`, registered {version.created:%Y-%m-%d %H:%M} UTC by {version.actor}, is {version.state}{reason}.",
        f"Aliases: {', '.join(f'`{alias}`' for alias in version.aliases) or 'none'}. Content: `{version.digest}`.",
    ]
    if version.description:
        lines += ["", version.description]
    gates = [
        f"| {event.at:%Y-%m-%d} | {event.change.alias} | {gate.metric} | {'passed' if gate.passed else 'failed'} | {gate.reason} |"
        for event in registry.events(version.model)
        if isinstance(event.change, Promotion) and event.change.version == version.version
        for gate in event.change.gates
    ]
    if gates:
        lines += ["", "| when | alias | gate | outcome | why |", "| --- | --- | --- | --- | --- |", *gates]
    lines += ["", "| made from | id | note |", "| --- | --- | --- |"]
    lines += [f"| {link.type} | `{link.id}` | {link.note} |" for link in lineage_of(registry, version).made_from]
    return "\n".join(lines) + "\n"
