"""Pass 6: put the values of references in their places.

`${a.b}` is the value at another key of the recipe, whole mappings included; `${env:NAME}` and
`${env:NAME,default}` are read from the environment under the file's own scalar rules; `${secret:NAME}` stays
as it is and is resolved only where the work is done. The grammar is OmegaConf's; its resolvers (`oc.*`),
nested references and anything else are refused.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ymltrain.diagnostics import Diagnostic, Diagnostics, KeyPath, did_you_mean
from ymltrain.recipe.document import Node, Origin, Scalar, annotate, count_nodes, plain
from ymltrain.recipe.key_path import format_key_path
from ymltrain.recipe.scalars import ScalarError, read_scalar
from ymltrain.recipe.syntax import MAX_NODES

MAX_TEXT = 1 << 20
MAX_REFERENCES = 10_000
MAX_CHAIN = 16
_WHOLE = re.compile(r"\$\{[^${}]*\}")
_KEY = re.compile(r"[^.\[\]]+")
_RELATIVE = re.compile(r"\$\{\s*\.")
_EMPTY_DEFAULT = re.compile(r"\$\{[^{}]*,\s*\}")
_NESTED = re.compile(r"\$\{[^{}]*\$\{")


class _UnresolvableError(Exception):
    """A reference that cannot be resolved: a code, a message and a hint."""

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.hint = code, message, hint


class _ConsequenceError(Exception):
    """A reference to something that cannot be resolved itself, which has been reported."""


class _LimitError(Exception):
    """The recipe grows beyond its bounds; nothing more is resolved."""


def interpolate(root: Node, environment: Mapping[str, str], diagnostics: Diagnostics) -> Node | None:
    """The recipe with every reference resolved, or None when it grows beyond its bounds.

    A reference that cannot be resolved is reported once, where it is written, and left as it is; so are those that
    lead to it, silently.
    """
    return _Interpolation(root, environment, diagnostics).whole()


class _Interpolation:
    """Resolves each place once, however many references lead to it."""

    def __init__(self, root: Node, environment: Mapping[str, str], diagnostics: Diagnostics) -> None:
        self._root = root
        self._environment = environment
        self._diagnostics = diagnostics
        self._resolved: dict[KeyPath, Node] = {}
        self._failed: set[KeyPath] = set()
        self._places: list[KeyPath] = []
        self._nodes = self._characters = self._references = 0

    def whole(self) -> Node | None:
        try:
            return self._node(self._root, ())
        except _LimitError as limit:
            place = self._places[-1]
            span = self._root.nearest(place).span
            self._diagnostics.add(Diagnostic("YT302", str(limit), "look for references that multiply each other", span, place))
            return None

    def _node(self, node: Node, path: KeyPath) -> Node:
        if path not in self._resolved:
            self._resolved[path] = self._fresh(node, path)
        return self._resolved[path]

    def _fresh(self, node: Node, path: KeyPath) -> Node:
        if isinstance(node.value, dict):
            return node.with_entries({key: self._node(entry, (*path, key)) for key, entry in node.value.items()})
        if isinstance(node.value, tuple):
            return replace(node, value=tuple(self._node(entry, (*path, index)) for index, entry in enumerate(node.value)))
        if not isinstance(node.value, str) or "${" not in node.value:
            return node
        self._places.append(path)
        try:
            resolved = self._text(node, node.value)
        except _UnresolvableError as refused:
            self._fail(path)
            self._diagnostics.add(Diagnostic(refused.code, refused.message, refused.hint, node.span, path))
            resolved = node
        except _ConsequenceError:
            self._fail(path)
            self._diagnostics.silence(path)
            resolved = node
        self._places.pop()
        return resolved

    def _fail(self, path: KeyPath) -> None:
        """Remember that what stands at this path, and so all that holds it, is not what it should be."""
        self._failed.update(path[:length] for length in range(len(path) + 1))

    def _text(self, node: Node, text: str) -> Node:
        """The node of a text that holds references: the value itself when it is one reference, else text."""
        self._references += text.count("${")
        if self._references > MAX_REFERENCES:
            raise _LimitError(f"the recipe holds more than {MAX_REFERENCES:,} references")
        if _NESTED.search(text):
            raise _UnresolvableError("YT301", f"a reference stands inside another one: {_short(text)}", "name the key itself")
        if _RELATIVE.search(text):
            raise _UnresolvableError(
                "YT303", f"a reference names its key from the top: {_short(text)}", "like ${trainer.max_epochs}"
            )
        if _EMPTY_DEFAULT.search(text):
            raise _UnresolvableError("YT303", f"the default is empty: {_short(text)}", 'write null or "" after the comma')
        if _WHOLE.fullmatch(text):
            return self._placed(self._visit(text), node)
        filled = str(self._visit(text, as_text=True))
        self._characters += len(filled)
        if self._characters > MAX_TEXT:
            raise _LimitError(f"the recipe grows beyond {MAX_TEXT:,} characters by its references")
        return replace(node, value=filled)

    def _placed(self, found: Node | Scalar, node: Node) -> Node:
        """What a reference stands for, placed where the reference is written."""
        if not isinstance(found, Node):
            origin = Origin.ENV if "${env:" in str(node.value).replace(" ", "") else node.origin
            return replace(node, value=found, origin=origin)
        self._nodes += count_nodes(found)
        if self._nodes > MAX_NODES:
            raise _LimitError(f"the recipe grows beyond {MAX_NODES:,} values by its references")
        return replace(annotate(plain(found), node), replaced=node.replaced)

    def _visit(self, text: str, *, as_text: bool = False) -> Any:
        from omegaconf.errors import GrammarParseError
        from omegaconf.grammar_parser import parse
        from omegaconf.grammar_visitor import GrammarVisitor

        def reference(key: Any, _memo: object) -> Any:
            # a text up to OmegaConf 2.3, an object with its parts since 2.4
            parts = tuple(getattr(key, "parts", None) or _KEY.findall(str(key)))
            found = self._reference(parts)
            return _as_text(plain(found), format_key_path(parts)) if as_text else found

        def resolver(name: str, args: tuple[Any, ...], args_str: tuple[str, ...]) -> Any:
            del args
            found = self._resolver(name, args_str)
            return _as_text(found, name) if as_text else found

        try:
            tree = parse(text)
        except (GrammarParseError, RecursionError):  # its parser calls itself for each bracket
            raise _UnresolvableError("YT303", f"not a reference: {_short(text)}", _FORMS) from None
        visitor = GrammarVisitor(node_interpolation_callback=reference, resolver_interpolation_callback=resolver, memo=None)
        return visitor.visit(tree)

    def _reference(self, parts: tuple[str, ...]) -> Node:
        path, target = self._find(parts)
        for position, place in enumerate(self._places):
            if place[: len(path)] == path:
                circle = " → ".join(format_key_path(step) for step in (*self._places[position:], path))
                raise _UnresolvableError("YT305", f"references lead in a circle: {circle}", "write one of the values out")
        if len(self._places) > MAX_CHAIN:
            raise _LimitError(f"more than {MAX_CHAIN} references lead from one to the next")
        resolved = self._node(target, path)
        if path in self._failed:
            raise _ConsequenceError
        return resolved

    def _find(self, parts: tuple[str, ...]) -> tuple[KeyPath, Node]:
        """The key path that a reference names, and what is written there."""
        path: KeyPath = ()
        node = self._root
        for part in parts:
            key = int(part) if isinstance(node.value, tuple) and part.isdecimal() else part
            below = node.at((key,))
            if below is None:
                hint = did_you_mean(part, node.mapping)
                if not hint.startswith("did you mean"):
                    hint = "a reference takes what a recipe writes; a default is not written"
                raise _UnresolvableError("YT304", f"the recipe writes no {format_key_path((*path, *parts[len(path) :]))}", hint)
            path, node = (*path, key), below
        return path, node

    def _resolver(self, name: str, args: tuple[str, ...]) -> Scalar:
        if name == "secret" and len(args) == 1:
            return f"${{secret:{args[0].strip()}}}"
        if name != "env" or not 1 <= len(args) <= 2:
            raise _UnresolvableError("YT306", f"${{{name}:…}} is not part of the recipe language", _FORMS)
        variable = args[0].strip()
        found = self._environment.get(variable)
        if found is None and len(args) == 1:
            raise _UnresolvableError(
                "YT307",
                f"the environment variable {variable} is not set",
                f"set it, or give a default: ${{env:{variable},default}}",
            )
        try:
            return read_scalar(args[1].strip() if found is None else found)
        except ScalarError as error:
            raise _UnresolvableError("YT308", f"the environment variable {variable}: {error}") from None


_FORMS = "references are ${a.b}, ${env:NAME}, ${env:NAME,default} and ${secret:NAME}"


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "…"


def _as_text(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, dict | list):
        raise _UnresolvableError("YT309", f"{name} is not a single value, so it cannot be part of a text", "reference it alone")
    return str(value)
