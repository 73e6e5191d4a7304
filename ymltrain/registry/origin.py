"""What a version was made from: typed links, and the same as SLSA provenance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from ymltrain import __version__
from ymltrain.plan.plan import Plan, canonical_json
from ymltrain.record.attempt import read_attempts
from ymltrain.record.directory import RunDirectory
from ymltrain.record.evaluation import EvaluationRecord, read_evaluation
from ymltrain.registry.events import Link, SliceMetrics
from ymltrain.registry.made import Made
from ymltrain.registry.state import Version
from ymltrain.storage import bytes_digest, file_digest

BUILD_TYPE = "urn:ymltrain:fit:1"
Goals = Mapping[str, Literal["minimize", "maximize"]]


def made_by(run: RunDirectory, *, data: str, tensors: str, metrics: Mapping[str, float | None], goals: Goals) -> Made:
    """What is known of the version that a run makes, its plan's gates included. Raises UsageError."""
    plan = run.plan()
    gathered = _gathered(run)
    links = tuple(_links(run, plan, data, gathered))
    made = Made(
        run_id=run.run_id,
        tensor_digest=tensors,
        metrics=metrics,
        goals={name: goal for name, goal in goals.items() if name in metrics},
        links=links,
        evaluated_on=evaluation_digest(plan, data),
        promote=plan.register.promote if plan.register is not None else None,
        provenance=_provenance(run, plan, links, gathered),
    )
    return with_evaluation(made, run.bundle)


def slice_metrics(found: EvaluationRecord | None) -> tuple[SliceMetrics, ...]:
    """The slices of an evaluation as a version records them."""
    return tuple(
        SliceMetrics(
            name=one.title,
            rows=one.rows,
            metrics={f"test/{name}": estimate.value for name, estimate in one.metrics.items()},
            is_asked=one.kind in ("value", "range"),
        )
        for one in (found.slices if found is not None else ())
    )


def baseline_metrics(found: EvaluationRecord | None) -> dict[str, dict[str, float | None]]:
    """What the baselines of an evaluation score, by full name."""
    scores = found.baselines if found is not None else {}
    return {name: {f"test/{metric}": value for metric, value in figures.items()} for name, figures in scores.items()}


def with_evaluation(made: Made, bundle: Path) -> Made:
    """The same with the slices and baselines of the evaluation that a bundle keeps."""
    found = read_evaluation(bundle)
    return msgspec.structs.replace(made, slices=slice_metrics(found), baselines=baseline_metrics(found))


def made_of_bundle(*, data: str, plan: str, tensors: str, metrics: Mapping[str, float | None], goals: Goals) -> Made:
    """What a bundle says of itself where its run is not at hand."""
    links = (Link(type="data", id=data, digest=data), Link(type="plan", id=plan, digest=plan))
    return Made(
        tensor_digest=tensors,
        metrics=metrics,
        goals={name: goal for name, goal in goals.items() if name in metrics},
        links=links,
        provenance=provenance_of_links(links),
    )


def evaluation_digest(plan: Plan, data: str) -> str:
    """Equal exactly when two runs measure their test metrics on the same rows: equal data, split, keys, seed and target."""
    split = plan.node("split")
    asked = {
        "data": data,
        "split": [split.type, split.params, split.plugin.version],
        "keys": plan.keys,
        "seed": plan.seeds.get("split", plan.seed),
        "target": plan.target.columns,
    }
    return bytes_digest(canonical_json(asked))


def links_of(version: Version) -> tuple[Link, ...]:
    """The links of a version, or what earlier versions of ymltrain recorded in their place."""
    if version.links:
        return version.links
    old = [
        Link(type=kind, id=str(digest), digest=str(digest)) for kind, digest in version.lineage.items() if kind in ("data", "plan")
    ]
    return (*([Link(type="run", id=version.run_id)] if version.run_id else []), *old)


def provenance_of_links(links: Sequence[Link], *, parameters: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """SLSA provenance as far as links tell it."""
    run = next((link.id for link in links if link.type == "run"), None)
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": dict(parameters or {}),
            "internalParameters": {},
            "resolvedDependencies": [_dependency(link) for link in links if link.type not in ("run", "study")],
        },
        "runDetails": {
            "builder": {"id": "urn:ymltrain", "version": {"ymltrain": __version__}},
            "metadata": {"invocationId": run} if run else {},
        },
    }


def run_links(run: RunDirectory) -> tuple[Link, ...]:
    """The links of a version that this run would make, but for its data."""
    return tuple(link for link in _links(run, run.plan(), "", _gathered(run)) if link.type != "data")


def _links(run: RunDirectory, plan: Plan, data: str, gathered: Mapping[str, Any]) -> Iterator[Link]:
    yield Link(type="run", id=run.run_id, digest=file_digest(run.provenance_file), note=run.name)
    yield Link(type="data", id=data, digest=data, note=str(plan.node("datasource").params.get("path", "")))
    git = gathered.get("git")
    if isinstance(git, dict) and git.get("commit"):
        note = "with uncommitted changes" if git.get("is_dirty") else str(git.get("branch") or "")
        yield Link(type="code", id=str(git["commit"]), note=note)
    if run.recipe_file.is_file():
        digest = file_digest(run.recipe_file)
        yield Link(type="recipe", id=digest, digest=digest, note=run.name)
    yield Link(type="plan", id=plan.digest, digest=plan.digest)
    study = gathered.get("study")
    if isinstance(study, str):
        yield Link(type="study", id=study)


def _provenance(run: RunDirectory, plan: Plan, links: Sequence[Link], gathered: Mapping[str, Any]) -> dict[str, Any]:
    document = provenance_of_links(links, parameters={"command": gathered.get("command"), "recipe": plan.recipe.composed})
    definition, details = document["buildDefinition"], document["runDetails"]
    definition["internalParameters"] = {
        "seeds": plan.seeds,
        "topology": msgspec.to_builtins(plan.topology),
        "environment": gathered.get("environment"),
    }
    packages = gathered.get("packages")
    if isinstance(packages, dict):
        definition["resolvedDependencies"] += [{"uri": f"pkg:pypi/{name}@{version}"} for name, version in sorted(packages.items())]
    details["builder"]["version"] |= {"python": (gathered.get("python") or {}).get("version")}
    attempts = read_attempts(run)
    details["metadata"] |= {"startedOn": attempts[0].started} if attempts else {}
    details["byproducts"] = [
        {"name": "provenance.json", "digest": {"sha256": file_digest(run.provenance_file).removeprefix("sha256:")}}
    ]
    return document


def _dependency(link: Link) -> dict[str, Any]:
    described: dict[str, Any] = {"name": link.type}
    if link.note:
        described["annotations"] = {"note": link.note}
    if link.type == "code":
        return described | {"digest": {"gitCommit": link.id}}
    return described | {"digest": {"sha256": (link.digest or link.id).removeprefix("sha256:")}}


def _gathered(run: RunDirectory) -> dict[str, Any]:
    document = msgspec.json.decode(run.provenance_file.read_bytes())
    return document if isinstance(document, dict) else {}
