"""Which codes the source uses, and which texts stand in the modules that use them; found in the syntax tree."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

CODE = re.compile(r"YT[0-9]{3}")
STEM = re.compile(r"YT[0-9]{2}")
FILL = "\0"


@dataclass
class CodeUse:
    """Where a code is used: modules as paths below the root, and patterns of all texts written there."""

    modules: list[str] = field(default_factory=list)
    texts: list[re.Pattern[str]] = field(default_factory=list)


def find_codes(root: Path, folders: Iterable[str]) -> dict[str, CodeUse]:
    """Every code that stands as a constant in a Python file below these folders of the root, in order."""
    found: dict[str, CodeUse] = {}
    trees = {path: ast.parse(path.read_text()) for folder in folders for path in sorted((root / folder).rglob("*.py"))}
    endings = sorted({ending for tree in trees.values() for ending in _endings(tree)})
    for path, tree in trees.items():
        constants = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        codes = {text for text in constants if CODE.fullmatch(text)}
        codes |= {text + ending for text in constants if STEM.fullmatch(text) for ending in endings}
        texts = list(_patterns(tree)) if codes else []
        for code in codes:
            use = found.setdefault(code, CodeUse())
            use.modules.append(path.relative_to(root).as_posix())
            use.texts += texts
    return dict(sorted(found.items()))


def _endings(tree: ast.Module) -> Iterator[str]:
    """The last digits that a stem gets where a module writes `codes + "1"`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp) and isinstance(node.left, ast.Name) and node.left.id == "codes":
            text = _text(node.right)
            if re.fullmatch(r"[0-9]", text):
                yield text


def _patterns(tree: ast.Module) -> Iterator[re.Pattern[str]]:
    """Each text of a module as a pattern in which anything may stand where the text fills something in."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant | ast.JoinedStr | ast.BinOp):
            text = _text(node)
            if len(text.replace(FILL, "").strip()) >= 8:
                yield re.compile(".*".join(re.escape(part) for part in text.split(FILL)), re.DOTALL)


def _text(node: ast.expr) -> str:
    """A text with FILL for whatever is filled in."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else FILL
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _text(node.left) + _text(node.right)
    return FILL
