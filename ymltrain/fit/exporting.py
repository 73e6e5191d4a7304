"""The exports that a recipe asks for, for its bundle."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ymltrain.bundle.contract import EXPORTS_FOLDER
from ymltrain.bundle.predictor import AnyPredictor
from ymltrain.fit.job import Job
from ymltrain.plan.events import StageChanged


def export_maker(job: Job) -> Callable[[Path, AnyPredictor], Mapping[str, bytes]] | None:
    """A function that makes them with the bundle's predictor and holds each against its golden rows; None when none is asked for.

    Raises UsageError, BundleError where one is refused: then there is no bundle, and nothing to register.
    """
    formats = job.plan.bundle.exports if job.plan.bundle is not None else ()
    if not formats:
        return None

    def make(folder: Path, predictor: AnyPredictor) -> Mapping[str, bytes]:
        from ymltrain.export.rows import rows_to_replay
        from ymltrain.export.write import make_export

        rows, kinds = rows_to_replay(folder, predictor)
        keep = predictor.contract.digests.golden is not None
        files: dict[str, bytes] = {}
        for export_format in formats:
            job.watch(StageChanged(stage="bundle", note=f"exports {export_format}"))
            export = make_export(predictor, export_format, rows, kinds, keep_examples=keep)
            files |= {f"{EXPORTS_FOLDER}/{export_format}/{name}": content for name, content in export.files.items()}
        return files

    return make
