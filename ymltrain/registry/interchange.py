"""A version given to another kind of registry, through a tracker whose place has one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path

from ymltrain.diagnostics import RegistryError, UsageError, YmltrainError
from ymltrain.kinds.contracts import OutgoingModel, TakenModel, Tracker
from ymltrain.registry.references import parse_reference
from ymltrain.registry.state import Version
from ymltrain.storage import is_digest


def give_version(version: Version, reference: str, bundle: Path, name: str, tracker: Tracker) -> TakenModel:
    """Give a version to the place of a tracker, with the alias that it was named by.

    Raises UsageError (YT974) when that keeps no models, RegistryError (YT975) when it fails.
    """
    take: Callable[[OutgoingModel], TakenModel] | None = getattr(tracker, "take_model", None)
    if take is None:
        raise UsageError("YT974", f"the tracker {name} keeps no models", "name one that does, such as mlflow, or a registry's URL")
    picked = parse_reference(reference).pick
    outgoing = OutgoingModel(
        name=version.model,
        version=version.version,
        digest=version.digest,
        bundle=bundle,
        aliases=(picked,) if isinstance(picked, str) and not is_digest(picked) else (),
        run_id=version.run_id,
        description=version.description or "",
    )
    try:
        with redirect_stdout(sys.stderr):  # what its client prints is for people
            return take(outgoing)
    except YmltrainError:
        raise
    except Exception as error:
        message = f"{name} did not take {version}: {type(error).__name__}: {error}"
        raise RegistryError("YT975", message, "mend that and push again; what has arrived is not made twice") from error
