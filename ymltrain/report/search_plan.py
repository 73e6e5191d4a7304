"""The search of a plan, before it runs: space, budget, rungs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ymltrain.plan.plan import Plan
from ymltrain.plan.search.domains import AnyDomain, Choice, Int, LogUniform, Normal, Ordinal, Switch, Uniform
from ymltrain.report.console import draw, tell
from ymltrain.report.settings import value_text
from ymltrain.search.preview import SearchPreview

if TYPE_CHECKING:
    from rich.table import Table


def show_search(plan: Plan, preview: SearchPreview) -> None:
    """Sections: the space, the budget, the rungs, the first candidates."""
    assert plan.search is not None
    tell(("\nSearch space", "bold cyan"))
    draw(_space(plan))
    for constraint in plan.search.space.constraints:
        tell(f"  {constraint}")
    tell(("\nSearch budget", "bold cyan"))
    draw(_budget(plan, preview))
    if preview.rungs:
        tell(("\nRungs", "bold cyan"))
        draw(_rungs(preview))
    tell(("\nFirst trials", "bold cyan"))
    for number, point in enumerate(preview.first):
        tell(f"  {number}  " + "  ".join(f"{path}={_short(value)}" for path, value in point.items()))


def _table(*headers: str) -> Table:
    from rich.table import Table

    return Table(*headers, box=None, pad_edge=False, padding=(0, 2, 0, 0))


def _space(plan: Plan) -> Table:
    assert plan.search is not None
    table = _table("key", "values", "number", "on branch", "the recipe's own")
    for dimension in plan.search.space.dimensions:
        size = dimension.domain.size
        branch = ", ".join(f"{one.switch}={one.branch}" for one in dimension.when)
        own = value_text(plan.search.base[dimension.path]) if dimension.path in plan.search.base else ""
        table.add_row(dimension.path, domain_text(dimension.domain), "∞" if size is None else f"{size:,}", branch, own)
    return table


def _budget(plan: Plan, preview: SearchPreview) -> Table:
    assert plan.search is not None
    budget = plan.search.budget
    table = _table("", "")
    table.show_header = False
    tuner, pruners = plan.node("tuner"), plan.nodes_of("pruner")
    pruner = f", pruned by {pruners[0].type}" if pruners else ""
    table.add_row("searcher", f"{tuner.type}{pruner}: {plan.search.metric}, to {plan.search.goal}")
    points = "without end" if preview.points is None else f"{preview.points:,}"
    table.add_row("points", f"{points}; {preview.trials:,} trials" + (f", {budget.max_time} at most" if budget.max_time else ""))
    spared = ""
    if preview.expected_epochs is not None and preview.expected_epochs < preview.most_epochs:
        spared = f", about {preview.expected_epochs:,} with the rungs below"
    elif preview.expected_epochs is None:
        spared = "; how many the pruner spares cannot be said before"
    table.add_row("epochs", f"{preview.most_epochs:,} at most{spared}")
    order = "one after another" if budget.parallel == 1 else f"{budget.parallel} at a time"
    same = budget.parallel == 1 or budget.deterministic
    table.add_row("workers", f"{order}; " + ("the same trials each time" if same else "which trials are tried may hang on timing"))
    table.add_row("failures", f"the search ends when more than {budget.allowed_failures} trials fail")
    return table


def _rungs(preview: SearchPreview) -> Table:
    table = _table("to epoch", "trials", "epochs")
    for rung in preview.rungs:
        table.add_row(str(rung.epoch), f"{rung.trials:,}", f"{rung.epochs:,}")
    return table


def domain_text(domain: AnyDomain) -> str:
    """A domain in a few words."""
    if isinstance(domain, Uniform):
        return f"{domain.low:g} to {domain.high:g}" + (f" by {domain.step:g}" if domain.step is not None else "")
    if isinstance(domain, LogUniform):
        return f"{domain.low:g} to {domain.high:g}, logarithmic"
    if isinstance(domain, Int):
        step = f" by {domain.step}" if domain.step > 1 else ""
        return f"{domain.low} to {domain.high}{step}, whole" + (", logarithmic" if domain.log else "")
    if isinstance(domain, Normal):
        return f"about {domain.mean:g} ± {domain.std:g}, from {domain.low:g} to {domain.high:g}"
    if isinstance(domain, Switch):
        return "one of " + ", ".join(domain.names)
    assert isinstance(domain, Ordinal | Choice)
    return ("in order " if isinstance(domain, Ordinal) else "one of ") + ", ".join(_short(value) for value in domain.values)


def _short(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value).replace(" ", "")
