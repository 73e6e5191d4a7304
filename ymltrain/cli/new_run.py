"""Making the directory of a new run, with all that is known of it before it starts and no secret in it."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from ymltrain.compiler.explain import Setting
from ymltrain.diagnostics import KeyPath, UsageError
from ymltrain.plan.plan import Plan
from ymltrain.recipe.key_path import format_key_path
from ymltrain.record.directory import RunDirectory
from ymltrain.record.provenance import gather_provenance
from ymltrain.record.redaction import Redactor

SECRET_KEY = re.compile(
    r"token|(?:.*_)?(?:password|passwd|passphrase|secret|secret_key|access_key|api_key|auth_token|access_token)", re.IGNORECASE
)


@dataclass(frozen=True)
class Written:
    """The recipe a plan was made from, and where each of its values comes from; nothing for a plan that was given."""

    recipe: Path | None = None
    origins: Sequence[tuple[str, Setting]] = ()

    def text(self, redactor: Redactor) -> str | None:
        """The recipe as it was written, without secrets; None where a plan was given."""
        return None if self.recipe is None else redactor.redact(self.recipe.read_text(encoding="utf-8-sig"))

    @property
    def files(self) -> list[Path]:
        """Every file that a value stands in, the recipe first."""
        names = {setting.file for _, setting in self.origins if setting.file is not None}
        others = sorted(path for path in map(Path, names) if path.is_file() and path != self.recipe)
        return [self.recipe, *others] if self.recipe is not None else []


def new_run(
    workspace: Path, plan: Plan, written: Written, plugins: Sequence[Path], more: Mapping[str, Any] | None = None
) -> RunDirectory:
    """A run of this plan; `more` goes into its provenance.

    Raises UsageError: YT840 a secret stands in the plan, and as RunDirectory.create does.
    """
    redactor = Redactor(os.environ)
    _refuse_secrets(plan, redactor, dict(written.origins))
    provenance = gather_provenance(sys.argv, os.environ, Path.cwd(), [*written.files, *plugins])
    code = {f"code/plugins/{path.name}": redactor.redact_code(path.read_text(encoding="utf-8")).encode() for path in plugins}
    if written.origins:
        code["origins.json"] = _origins(written.origins, redactor)
    return RunDirectory.create(
        workspace,
        plan.name,
        plan,
        recipe_text=written.text(redactor),
        resolved_yaml=_yaml(plan.recipe.resolved),
        provenance={**provenance.document, "plugins": [path.name for path in plugins], **(more or {})},
        code={**provenance.files, **code},
    )


def _refuse_secrets(plan: Plan, redactor: Redactor, origins: Mapping[str, Setting]) -> None:
    """A plan is kept as it is, digest and all: a secret in it is refused rather than hidden."""
    for path, text in _texts(plan.recipe.resolved, ()):
        if redactor.holds_secret(text) or _is_secret(path, text):
            key_path = format_key_path(path)
            place = _place(origins.get(key_path))
            raise UsageError(
                "YT840",
                f"a secret would be kept with the run: {key_path}{place} holds the value of a secret variable or a password",
                "write ${secret:NAME} there; it is read from the environment when the run works",
            )


def _place(setting: Setting | None) -> str:
    """Where a value is written; its line itself is not shown, as it holds the secret."""
    return "" if setting is None or setting.file is None else f" ({setting.file}:{setting.line})"


def _is_secret(path: KeyPath, text: str) -> bool:
    """Whether a key's name says that its value is a secret, and the value is there itself."""
    return bool(text) and "${secret:" not in text and SECRET_KEY.fullmatch(str(path[-1])) is not None


def _texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _texts(entry, (*path, key))
    elif isinstance(value, list | tuple):
        for index, entry in enumerate(value):
            yield from _texts(entry, (*path, index))


def _origins(settings: Sequence[tuple[str, Setting]], redactor: Redactor) -> bytes:
    """Where each value of the resolved recipe comes from, in the order of the recipe."""
    told = {
        key_path: {"origin": setting.origin.value, "file": setting.file, "line": setting.line} for key_path, setting in settings
    }
    text = msgspec.json.format(msgspec.json.encode(told), indent=2).decode()
    return redactor.redact(text).encode() + b"\n"


def _yaml(resolved: Mapping[str, object]) -> str:
    import yaml

    return str(yaml.safe_dump(dict(resolved), sort_keys=False, allow_unicode=True))
