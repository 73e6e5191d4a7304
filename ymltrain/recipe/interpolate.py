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
from ymltrain.recipe.syntax import MAX_DEPTH, MAX_NODES

MAX_TEXT = 1 << 16
_TOO_LARGE = "YT302"
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


def interpolate(root: Node, environment: Mapping[str, str], diagnostics: Diagnostics) -> Node:
    """The recipe with every reference resolved; unresolvable ones are reported and left as they are."""
    return _Interpolation(root, environment, diagnostics).node(root, ())


class _Interpolation:
    def __init__(self, root: Node, environment: Mapping[str, str], diagnostics: Diagnostics) -> None:
        self._root = root
        self._environment = environment
        self._diagnostics = diagnostics
        self._places: list[KeyPath] = []
        self._grown = 0
        self._is_full = False

    def node(self, node: Node, path: KeyPath) -> Node:
        if isinstance(node.value, dict):
            return node.with_entries({key: self.node(entry, (*path, key)) for key, entry in node.value.items()})
        if isinstance(node.value, tuple):
            return replace(node, value=tuple(self.node(entry, (*path, index)) for index, entry in enumerate(node.value)))
        if not isinstance(node.value, str) or "${" not in node.value or self._is_full:
            return node
        try:
            return self._text(node, node.value, path)
        except _UnresolvableError as refused:
            if refused.code == _TOO_LARGE:
                self._is_full = True
            self._diagnostics.add(Diagnostic(refused.code, refused.message, refused.hint, node.span, path))
            return node

    def _text(self, node: Node, text: str, path: KeyPath) -> Node:
        """The node of a text that holds references: the value itself when it is one reference, else text."""
        if _NESTED.search(text):
            raise _UnresolvableError("YT301", f"a reference stands inside another one: {text}", "name the key itself")
        if _RELATIVE.search(text):
            raise _UnresolvableError("YT303", f"a reference names its key from the top: {text}", "like ${trainer.max_epochs}")
        if _EMPTY_DEFAULT.search(text):
            raise _UnresolvableError("YT303", f"the default is empty: {text}", 'write null or "" after the comma')
        self._places.append(path)
        try:
            if _WHOLE.fullmatch(text):
                found = self._visit(text)
                return self._placed(found, node)
            filled = str(self._visit(text, as_text=True))
            if len(filled) > MAX_TEXT:
                raise _UnresolvableError(_TOO_LARGE, f"a text grows beyond {MAX_TEXT:,} characters by its references")
            return replace(node, value=filled)
        finally:
            self._places.pop()

    def _placed(self, found: Node | Scalar, node: Node) -> Node:
        """What a reference stands for, placed where the reference is written."""
        if not isinstance(found, Node):
            origin = Origin.ENV if "${env:" in str(node.value).replace(" ", "") else node.origin
            return replace(node, value=found, origin=origin)
        self._grown += count_nodes(found)
        if self._grown > MAX_NODES:
            raise _UnresolvableError(_TOO_LARGE, f"the recipe grows beyond {MAX_NODES:,} values by its references")
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
        except GrammarParseError as error:
            raise _UnresolvableError("YT303", f"not a reference: {text} ({error})", _FORMS) from None
        visitor = GrammarVisitor(node_interpolation_callback=reference, resolver_interpolation_callback=resolver, memo=None)
        return visitor.visit(tree)

    def _reference(self, path: tuple[str, ...]) -> Node:
        target = self._root.at(path)
        if target is None:
            raise _UnresolvableError("YT304", f"the recipe has no key {format_key_path(path)}", self._near(path))
        if any(place[: len(path)] == path for place in self._places) or len(self._places) > MAX_DEPTH:
            raise _UnresolvableError("YT305", f"${{{format_key_path(path)}}} leads back to itself", "write one of the values out")
        return self.node(target, path)

    def _near(self, path: tuple[str, ...]) -> str:
        for length in range(len(path) - 1, -1, -1):
            above = self._root.at(path[:length])
            if above is not None:
                return did_you_mean(path[length], above.mapping)
        return ""

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


def _as_text(value: Any, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, dict | list):
        raise _UnresolvableError("YT309", f"{name} is not a single value, so it cannot be part of a text", "reference it alone")
    return str(value)
