"""Pass 8: every chosen plugin with typed params, each node checked against its own plugin's schema."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from ymltrain.compiler.graph import Column, LinkedNode, PluginGraph, Resolved, Target
from ymltrain.compiler.model_defaults import DEFAULT_ENCODERS, default_encoder
from ymltrain.compiler.request import Request
from ymltrain.diagnostics import Diagnostic, KeyPath, PluginError, Span, did_you_mean, nearest_name
from ymltrain.kinds import KINDS, Params, params_schema
from ymltrain.kinds.violations import find_violations
from ymltrain.plan.plan import BYTE_VOCABULARY, TextSpec
from ymltrain.plan.sections import BundleSection, Compute, Evaluation, Promote, Section, Skew, Trainer
from ymltrain.plan.shapes import ColumnType, Task
from ymltrain.recipe.document import Node, plain
from ymltrain.recipe.envelope import as_diagnostic
from ymltrain.recipe.grammar import DEFAULT_TYPES
from ymltrain.recipe.key_path import format_key_path
from ymltrain.recipe.short_forms import source_type

COLUMN_KEYS: dict[str, tuple[ColumnType, str]] = {
    "order": ("category", "only a category has an order of values"),
    "time_zone": ("timestamp", "only a timestamp has a time zone"),
    "format": ("timestamp", "only a timestamp has a format"),
}
"""Keys of a column that one type alone takes, and what to say of them elsewhere."""

TEXT_KEYS = frozenset({"tokenizer", "vocab_size", "context", "continuation"})
"""Keys of a target that `next_token` alone knows."""

DEFAULT_TOKENIZER: Literal["byte", "bpe"] = "byte"
DEFAULT_VOCABULARY = 4096
DEFAULT_CONTEXT = 256
DEFAULT_CONTINUATION = 16

S = TypeVar("S", bound=Section)


def link_plugins(resolved: Resolved, request: Request) -> PluginGraph:
    """The graph's nodes and typed sections; whatever cannot be linked is reported and left out."""
    return _Linker(resolved, request).graph()


class _Linker:
    def __init__(self, resolved: Resolved, request: Request) -> None:
        self._resolved = resolved
        self._root = resolved.root
        self._request = request
        self._belongs = resolved.belongs

    def graph(self) -> PluginGraph:
        linked = [node for node in self._chosen() if node is not None]
        columns = tuple(self._columns())
        encoders = [column.encoder for column in columns if column.encoder is not None]
        return PluginGraph(
            resolved=self._resolved,
            nodes={node.id: node for node in [*linked, *encoders]},
            trainer=self._section("trainer", Trainer),
            compute=self._section("compute", Compute, leave_out=("launcher",)),
            skew=self._section("skew", Skew),
            evaluation=self._section("evaluation", Evaluation) if self._root.at(("evaluation",)) is not None else None,
            bundle=self._section("bundle", BundleSection) if self._root.at(("bundle",)) is not None else None,
            promote=self._promote(),
            columns=columns,
            target=self._target(),
        )

    def _chosen(self) -> Iterator[LinkedNode | None]:
        yield self._link("datasource", ("datasource",), self._datasource_type())
        yield self._link("split", ("split",), "time" if self._root.at(("event_time",)) is not None else DEFAULT_TYPES["split"])
        for kind in ("model", "optimizer", "lr_scheduler", "loss", "strategy", "registry"):
            yield self._link(kind, (kind,), DEFAULT_TYPES.get(kind))
        yield from self._launcher()
        if self._root.at(("tuner",)) is not None:
            yield self._link("tuner", ("tuner",), None)
            yield self._link("pruner", ("tuner", "pruner"), None)
        for section, kind in (("metrics", "metric"), ("tracker", "tracker")):
            entries = self._root.at((section,))
            if entries is None and kind in DEFAULT_TYPES:
                yield self._link(kind, (section, 0), DEFAULT_TYPES[kind])
            for index in range(len(entries.value) if entries is not None and isinstance(entries.value, tuple) else 0):
                yield self._link(kind, (section, index), None)

    def _launcher(self) -> Iterator[LinkedNode | None]:
        """The launcher's node; `local` is no plugin and takes no params."""
        path: KeyPath = ("compute", "launcher")
        launcher = self._root.at(path)
        chosen = launcher.at(("type",)) if launcher is not None else None
        if launcher is None or chosen is None:
            return
        if chosen.value != "local":
            yield self._link("launcher", path, None)
            return
        for key, entry in launcher.mapping.items():
            if key != "type":
                message = f'unknown key "{key}" in compute.launcher'
                self._report("YT511", message, "the launcher `local` takes no params", entry.place, (*path, key))

    def _datasource_type(self) -> str | None:
        path = self._root.at(("datasource", "path"))
        if path is None or not isinstance(path.value, str):
            return None
        found = source_type(path.value)
        if found is None and self._root.at(("datasource", "type")) is None:
            message = f'the datasource\'s type does not follow from "{path.value}"'
            self._report("YT405", message, "write it: datasource: {type: csv, path: …}", path.span, ("datasource", "type"))
        return found

    def _link(self, kind: str, path: KeyPath, default: str | None) -> LinkedNode | None:
        """The plugin at a key path, or the default one; None when there is none or it cannot be linked."""
        node = self._root.at(path)
        chosen = node.at(("type",)) if node is not None else None
        name = chosen.value if chosen is not None else default
        if kind == "strategy" and name == "auto":
            name = "single"  # until the devices are known
        if not isinstance(name, str) or self._request.diagnostics.is_broken(path):
            return None
        try:
            plugin = self._request.catalog.load(kind, name)
        except PluginError as error:
            place = chosen or node or self._root
            self._report(error.code, error.message, error.hint, place.span, (*path, "type"))
            return None
        params = self._params(kind, plugin.params, node, path)
        if params is None:
            return None
        return LinkedNode(_node_id(kind, path, name), plugin, params, path, node.place if node is not None else None)

    def _params(self, kind: str, params: type[Params], node: Node | None, path: KeyPath) -> Params | None:
        owned = KINDS[kind].owned_keys
        written = {key: entry for key, entry in (node.mapping if node is not None else {}).items() if key not in owned}
        schema = params_schema(params)
        values = {key: plain(entry) for key, entry in written.items() if not _takes_back(entry, schema["properties"].get(key))}
        violations = list(find_violations(values, schema))
        for violation in violations:
            advised = violation
            if violation.rule == "unknown_key" and len(violation.path) == 1:
                known = [*schema["properties"], *owned]
                near = nearest_name(str(violation.key), known)
                hint = did_you_mean(str(violation.key), [near] if near else [key for key in known if key != "type"])
                advised = replace(violation, hint=hint)
            self._request.diagnostics.add(as_diagnostic(advised, self._root, self._belongs, "YT51", below=path))
        if violations:
            return None
        for key, subschema in schema["properties"].items():
            if subschema.get("format") == "data-path" and key in values:
                values[key] = self._workspace_path(written[key])
        try:
            return msgspec.convert(values, params)
        except msgspec.ValidationError as error:
            message = str(error).split(" - at `$")[0]
            place = node.place if node is not None else self._root.span
            self._report("YT514", f"{format_key_path(path)}: {message}", "", place, path)
            return None

    def _workspace_path(self, node: Node) -> str:
        """A path as the plan holds it: relative to the workspace; one with a scheme stays as it is."""
        path = str(node.value)
        if "://" in path:
            return path
        absolute = Path(node.span.source.folder, path).resolve()
        return Path(os.path.relpath(absolute, self._request.workspace.resolve())).as_posix()

    def _columns(self) -> Iterator[Column]:
        features = self._root.at(("features",))
        for name, node in (features.mapping if features is not None else {}).items():
            path: KeyPath = ("features", name)
            chosen = node.at(("type",))
            column_type = chosen.value if chosen is not None else None
            if self._request.diagnostics.has_error_within(path) or column_type not in DEFAULT_ENCODERS:
                continue
            for key, (owner, hint) in COLUMN_KEYS.items():
                misplaced = node.at((key,))
                if misplaced is not None and column_type != owner:
                    words = {"order": "categories"}.get(key, "timestamps")
                    self._report("YT609", f"{format_key_path(path)}: {key} is for {words}", hint, misplaced.place, (*path, key))
            default = default_encoder(self._root, column_type, self._request)
            encoder = self._link("encoder", (*path, "encoder"), default)
            written = {key: plain(entry) for key in COLUMN_KEYS if (entry := node.at((key,))) is not None}
            yield Column(
                name,
                column_type,
                _labels(written.get("order")),
                encoder,
                path,
                node.place,
                written.get("time_zone", "UTC"),
                written.get("format"),
                _value(node, "available_at"),
                _default(_value(node, "serving_default"), column_type),
            )

    def _target(self) -> Target | None:
        target = self._root.at(("target",))
        if target is None or self._request.diagnostics.is_broken(("target",)):
            return None
        sound = {
            key: plain(entry) for key, entry in target.mapping.items() if not self._request.diagnostics.is_broken(("target", key))
        }
        columns = tuple(sound["columns"]) if "columns" in sound else (sound["column"],) if "column" in sound else ()
        if not columns:
            return None
        if len(sound.keys() & {"column", "columns"}) > 1:
            place = target.mapping["columns"].place
            self._report("YT620", "target names both column and columns", "write one of them", place, ("target", "columns"))
        positive = sound.get("positive")
        return Target(
            columns=columns,
            type=sound.get("type"),
            task=sound.get("task") or _written_task(sound),
            span=target.mapping["columns" if "columns" in sound else "column"].span,
            transform=sound.get("transform", "none"),
            positive=None if positive is None else _category_text(positive),
            threshold=sound.get("threshold"),
            order=_labels(sound.get("order")),
            class_weights=sound.get("class_weights"),
            text=_text_spec(sound),
        )

    def _section(self, name: str, section: type[S], leave_out: tuple[str, ...] = ()) -> S | None:
        node = self._root.at((name,))
        values: Mapping[str, Any] = plain(node) if node is not None else {}
        if not isinstance(values, dict):
            return None
        try:
            return msgspec.convert({key: value for key, value in values.items() if key not in leave_out}, section)
        except msgspec.ValidationError:
            return None  # the envelope has reported what is wrong

    def _promote(self) -> Promote | None:
        node = self._root.at(("registry", "promote"))
        if node is None:
            return None
        try:
            return msgspec.convert(plain(node), Promote)
        except msgspec.ValidationError:
            return None  # the envelope has reported what is wrong

    def _report(self, code: str, message: str, hint: str, span: Span | None, path: KeyPath) -> None:
        self._request.diagnostics.add(Diagnostic(code, message, hint, span, path))


def link_auto_column(name: str, column_type: ColumnType, root: Node, request: Request) -> Column:
    """A feature that `auto` found in the data, with its default encoder in this recipe."""
    encoder_type = default_encoder(root, column_type, request)
    plugin = request.catalog.load("encoder", encoder_type)
    path: KeyPath = ("features", name)
    node = LinkedNode(_node_id("encoder", (*path, "encoder"), encoder_type), plugin, plugin.params(), path, None)
    return Column(name, column_type, None, node, path, None)


def link_default(kind: str, name: str, path: KeyPath, request: Request) -> LinkedNode:
    """A node that no one chose, with its default params. Raises PluginError."""
    plugin = request.catalog.load(kind, name)
    return LinkedNode(_node_id(kind, path, name), plugin, plugin.params(), path, None)


def _node_id(kind: str, path: KeyPath, name: str) -> str:
    if kind == "encoder":
        return f"encoder:{path[1]}"
    return f"{kind}:{name}" if kind in ("metric", "tracker") else kind


def _takes_back(entry: Node, schema: Mapping[str, Any] | None) -> bool:
    """Whether null stands for the default here: where it is no value of the param itself."""
    return entry.value is None and schema is not None and any(find_violations(None, schema))


def _written_task(target: Mapping[str, Any]) -> Task | None:
    """The task that a target's other keys tell; None when only its type can."""
    if "columns" in target:
        return "multilabel"
    if "order" in target:
        return "ordinal"
    if target.get("type") == "text" or target.keys() & TEXT_KEYS:
        return "next_token"
    return "binary" if target.keys() & {"positive", "threshold"} or target.get("type") == "boolean" else None


def _value(node: Node, key: str) -> Any:
    entry = node.at((key,))
    return None if entry is None else plain(entry)


def _default(value: Any, column_type: str) -> Any:
    """A serving default as the plan holds it: text of a category, a number as a float."""
    if value is not None and column_type in ("category", "text"):
        return _category_text(value)
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _text_spec(target: Mapping[str, Any]) -> TextSpec:
    """What a target's keys say of its tokens, defaults filled in."""
    tokenizer = target.get("tokenizer") or ("bpe" if "vocab_size" in target else DEFAULT_TOKENIZER)
    return TextSpec(
        tokenizer=tokenizer,
        vocabulary=BYTE_VOCABULARY if tokenizer == "byte" else target.get("vocab_size", DEFAULT_VOCABULARY),
        context=target.get("context", DEFAULT_CONTEXT),
        continuation=target.get("continuation", DEFAULT_CONTINUATION),
    )


def _labels(values: list[Any] | None) -> tuple[str, ...] | None:
    return None if values is None else tuple(_category_text(value) for value in values)


def _category_text(value: Any) -> str:
    """A category value as text, by the rule that reads them: integers in decimal, floats by repr, booleans in small letters."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
