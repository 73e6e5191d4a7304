"""The contracts that plugins keep change only knowingly: they stand in contracts.txt, one line a member.

python tests/architecture/test_contracts.py --write      after a change that was meant
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path

from ymltrain.kinds import KINDS, contracts
from ymltrain.kinds.api_version import API_VERSION, CHANGED_IN, kept_versions

RECORDED = Path(__file__).with_name("contracts.txt")
NAMES = {"lr_scheduler": "LrScheduler", "registry": "RegistryBackend"}


def written_contracts() -> str:
    """Every kind with the version in which its contract last broke, and its members."""
    classes = {node.name: node for node in ast.parse(inspect.getsource(contracts)).body if isinstance(node, ast.ClassDef)}
    lines = [f"plugin API {API_VERSION}"]
    for kind in KINDS:
        lines += ["", f"{kind} (since {CHANGED_IN.get(kind, 1)})"]
        lines += [f"  {line}" for line in members(classes[NAMES.get(kind, kind.capitalize())])]
    return "\n".join(lines) + "\n"


def members(contract: ast.ClassDef) -> Iterator[str]:
    """The attributes, properties and methods that a contract names."""
    for node in contract.body:
        if isinstance(node, ast.AnnAssign):
            yield f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}"
        elif isinstance(node, ast.FunctionDef):
            is_property = any(ast.unparse(decorator) == "property" for decorator in node.decorator_list)
            yield f"{node.name}{':' if is_property else f'({ast.unparse(node.args)}) ->'} {ast.unparse(node.returns)}"


def test_no_contract_changes_unnoticed():
    """Would plugins that kept the old contract break? Then, once there was a release, raise API_VERSION and set CHANGED_IN."""
    assert written_contracts() == RECORDED.read_text(), "see docs/adr/0014, then write contracts.txt anew"


def test_a_new_contract_refuses_old_plugins_of_its_kind_alone():
    """With version 3, in which registries broke, those of 1 and 2 are refused; models built for them are kept."""
    changed_in = {"registry": 3, "tuner": 2}
    assert kept_versions("registry", 3, changed_in) == {3}
    assert kept_versions("tuner", 3, changed_in) == {2, 3}
    assert kept_versions("model", 3, changed_in) == {1, 2, 3}


if __name__ == "__main__" and "--write" in sys.argv:
    RECORDED.write_text(written_contracts())
