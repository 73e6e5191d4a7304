"""Version skew: parts that were not made together, by the digests that predictions are stamped with."""

from __future__ import annotations

from collections.abc import Iterator

from ymltrain.serving.stamp import Stamp
from ymltrain.skew.findings import Finding
from ymltrain.skew.log_profile import LogProfile, Occurrence

WORDS = {
    "bundle": "bundle",
    "versions.program": "model program",
    "versions.weights": "weights",
    "versions.encoders": "encoders and their vocabularies",
    "versions.libraries": "libraries",
}
CAUSES = {
    "bundle": "other_bundle",
    "versions.program": "other_program",
    "versions.weights": "other_weights",
    "versions.encoders": "other_encoders",
    "versions.libraries": "other_libraries",
}


def expected_stamps(stamp: Stamp, trained_with: str) -> dict[str, str]:
    """What each stamp must be. Libraries are those of training."""
    expected = {
        "bundle": stamp.bundle,
        "versions.program": stamp.versions.program,
        "versions.weights": stamp.versions.weights,
        "versions.encoders": stamp.versions.encoders,
    }
    return {**expected, "versions.libraries": trained_with} if trained_with else expected


def version_findings(log: LogProfile, expected: dict[str, str]) -> Iterator[Finding]:
    """One finding for each part that is not the bundle's in some records; parts of another whole bundle are not told again."""
    other_bundle = sum(found.count for found in _others(log, "bundle", expected).values())
    for name, right in expected.items():
        others = _others(log, name, expected)
        count = sum(found.count for found in others.values())
        if not count or (name not in ("bundle", "versions.libraries") and count <= other_bundle):
            continue
        first = min(others.values(), key=lambda found: found.row)
        stamped = sum(found.count for value, found in log.versions[name].items() if value)
        named = ", ".join(f"{_short(value)} in {found.count:,}" for value, found in list(others.items())[:3])
        is_mixed = count < stamped
        whole = f"{count:,} of {stamped:,} records" if is_mixed else "every record"
        message = f"{WORDS[name]}: {whole} served by another than this bundle's {_short(right)}: {named}"
        if name == "versions.libraries":
            message = f"libraries: {whole} served with others than in training: {_differing(next(iter(others)), right)}"
        yield Finding(
            skew_class="version",
            feature=None,
            kind="engineering_fault",
            cause="mixed_versions" if is_mixed else CAUSES[name],
            message=message,
            distance=count / max(1, stamped),
            threshold=0.0,
            onset_row=first.row,
            affected_rows=count,
            share=count / max(1, log.rows),
            parameters={
                "part": name.removeprefix("versions."),
                "expected": right,
                "served": {value: found.count for value, found in others.items()},
            },
            alternatives=(CAUSES[name],) if is_mixed else (),
            evidence=({"row": first.row, "request_id": first.request_id, "value": first.value},),
            rank=count / max(1, log.rows),
        )


def _others(log: LogProfile, name: str, expected: dict[str, str]) -> dict[str, Occurrence]:
    return {value: found for value, found in log.versions.get(name, {}).items() if value and value != expected.get(name)}


def _short(digest: str) -> str:
    return digest[:19] if digest.startswith("sha256:") else digest[:60]


def _differing(served: str, trained: str) -> str:
    """Which libraries differ: `torch 2.12.0, trained with 2.13.0`."""

    def parsed(text: str) -> dict[str, str]:
        return dict(part.split("=", 1) for part in text.split() if "=" in part)

    was, now = parsed(trained), parsed(served)
    differing = [
        f"{name} {now.get(name, '—')}, trained with {was.get(name, '—')}" for name in was | now if was.get(name) != now.get(name)
    ]
    return "; ".join(differing) or served[:80]
