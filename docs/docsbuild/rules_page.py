"""docs/reference/rules.md: the written rules, each as the module that keeps it states it."""

from __future__ import annotations

import inspect
import re
from importlib import import_module

CHAPTERS: dict[str, tuple[tuple[str, str], ...]] = {
    "The recipe language": (
        ("Syntax", "ymltrain.recipe.syntax"),
        ("Scalars", "ymltrain.recipe.scalars"),
        ("Short forms", "ymltrain.recipe.short_forms"),
        ("Layers", "ymltrain.recipe.merge"),
        ("References", "ymltrain.recipe.interpolate"),
        ("Defaults that a model proposes", "ymltrain.compiler.model_defaults"),
    ),
    "Data": (
        ("Column types that follow from the data", "ymltrain.kinds.column_types"),
        ("Columns", "ymltrain.kinds.typed_columns"),
        ("Numbers as text", "ymltrain.kinds.number_text"),
        ("CSV values", "ymltrain.builtin.datasource.csv_text"),
        ("CSV numbers", "ymltrain.builtin.datasource.csv_numbers"),
        ("Two passes", "ymltrain.data.prepare"),
        ("Target", "ymltrain.data.target"),
        ("Weights", "ymltrain.data.weights"),
        ("Encoded data on disk", "ymltrain.data.cache"),
        ("Mean and standard deviation", "ymltrain.kinds.moments"),
        ("Random numbers of rows", "ymltrain.kinds.row_hash"),
        ("Golden rows", "ymltrain.data.golden"),
        ("Order of batches", "ymltrain.data.loader"),
    ),
    "First recipes": (
        ("How sure a choice is", "ymltrain.drafting"),
        ("Which datasource", "ymltrain.drafting.source"),
        ("How a file of text is written", "ymltrain.drafting.dialect"),
        ("Numbers and missing values", "ymltrain.drafting.notation"),
        ("Rows that are looked at", "ymltrain.drafting.survey"),
        ("What is said of columns", "ymltrain.drafting.columns"),
        ("What is predicted", "ymltrain.drafting.target"),
        ("Leaks", "ymltrain.drafting.leaks"),
    ),
    "Runs": (
        ("Evaluation", "ymltrain.evaluation.evaluate"),
        ("Slices", "ymltrain.evaluation.slices"),
        ("Baselines", "ymltrain.evaluation.baselines"),
        ("Intervals", "ymltrain.evaluation.bootstrap"),
        ("Checkpoints", "ymltrain.run.checkpoint"),
        ("The run directory", "ymltrain.record.directory"),
        ("Attempts", "ymltrain.record.attempt"),
        ("The record of metrics", "ymltrain.record.metrics"),
        ("One history from several attempts", "ymltrain.record.points"),
        ("Secrets in what is written", "ymltrain.record.redaction"),
    ),
    "Searches": (
        ("The search space", "ymltrain.plan.search.domains"),
        ("Constraints", "ymltrain.plan.search.constraints"),
        ("Studies", "ymltrain.search"),
        ("The journal", "ymltrain.search.journal"),
        ("Going on after an edit", "ymltrain.search.respace"),
    ),
    "Registry": (
        ("Layout", "ymltrain.registry"),
        ("The log", "ymltrain.registry.log"),
        ("Gates", "ymltrain.registry.gates"),
        ("Safe paths", "ymltrain.storage.paths"),
    ),
}

INTRODUCTION = """# Written rules

What happens at the edges, each rule in the words of the module that keeps it. The rules of each plugin stand with
[the plugin](plugins/README.md).
"""


def rules_page() -> str:
    """The page."""
    text = INTRODUCTION
    for chapter, modules in CHAPTERS.items():
        text += f"\n## {chapter}\n"
        for title, name in modules:
            text += f"\n### {title}\n\n{_rules(name)}\n\n`{name}`\n"
    return text


def _rules(name: str) -> str:
    """The module's docstring, layouts in it as blocks of code, without the number of the compiler's pass."""
    text = re.sub(r"^Pass \d+: (\w)", lambda found: found[1].upper(), inspect.getdoc(import_module(name)) or "")
    blocks = [_fenced(block) if re.search(r"^( {4}|\S+/$)", block, re.MULTILINE) else block for block in text.split("\n\n")]
    return "\n\n".join(blocks)


def _fenced(block: str) -> str:
    return f"```text\n{block}\n```"
