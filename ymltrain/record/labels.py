"""What people say of a run afterwards: tags, notes, and whether it is put away. labels.json, replaced as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from ymltrain.diagnostics import UsageError
from ymltrain.record.directory import RunDirectory
from ymltrain.record.faults import folder_fault
from ymltrain.storage import read_small, write_durably

LONGEST_KEY, LONGEST_VALUE = 250, 5_000
REPRODUCES = "reproduces"
"""The tag of a run that `reproduce` made: its value is the run it repeats."""


class Note(msgspec.Struct, frozen=True, kw_only=True):
    """A remark and when it was made."""

    at: str
    text: str


class Labels(msgspec.Struct, frozen=True, kw_only=True):
    """All labels of a run."""

    tags: dict[str, str] = {}
    notes: tuple[Note, ...] = ()
    is_archived: bool = False


_LABELS = msgspec.json.Decoder(Labels)


def read_labels(run: RunDirectory) -> Labels:
    """The labels of a run; none when there are none or the file is damaged."""
    try:
        return _LABELS.decode(read_small(f"{run.path}/labels.json"))
    except (OSError, msgspec.DecodeError):
        return Labels()


def tag_run(run: RunDirectory, tags: Mapping[str, str], removed: frozenset[str] = frozenset()) -> Labels:
    """Set and take away tags. Raises UsageError YT841 for a key or a value that is empty or too long."""
    for key, value in tags.items():
        if not key or len(key) > LONGEST_KEY or len(value) > LONGEST_VALUE or not key.isprintable():
            raise UsageError(
                "YT841",
                f'"{key[:60]}" cannot be a tag',
                f"a key has 1 to {LONGEST_KEY} visible characters, a value at most {LONGEST_VALUE}",
            )
    labels = read_labels(run)
    kept = {key: value for key, value in {**labels.tags, **tags}.items() if key not in removed}
    return _write(run, msgspec.structs.replace(labels, tags=dict(sorted(kept.items()))))


def note_run(run: RunDirectory, text: str) -> Labels:
    """Add a note."""
    labels = read_labels(run)
    note = Note(at=datetime.now(UTC).isoformat(timespec="seconds"), text=text)
    return _write(run, msgspec.structs.replace(labels, notes=(*labels.notes, note)))


def archive_run(run: RunDirectory, *, is_archived: bool) -> Labels:
    """Put a run away, or bring it back: `runs ls` leaves archived ones out."""
    return _write(run, msgspec.structs.replace(read_labels(run), is_archived=is_archived))


def _write(run: RunDirectory, labels: Labels) -> Labels:
    try:
        write_durably(run.path / "labels.json", msgspec.json.format(msgspec.json.encode(labels), indent=2) + b"\n")
    except OSError as error:
        raise folder_fault(run.path, error) from error
    return labels
