"""Formulas as torch operations: the part of an exported program that encodes raw numbers.

Columns that take the same kinds of steps are encoded together, so that 300 numbers make no 300 pieces of a graph.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import torch
from torch import Tensor, nn

from ymltrain.export.layout import FeatureInput, Layout
from ymltrain.kinds.formula import Bend, Clip, Divide, Formula, Interpolate, Step, Subtract

LARGEST = torch.finfo(torch.float32).max


class NumberColumns(nn.Module):
    """The network's `number` input `[n, columns]`, in the features' order, from raw values and those encoded elsewhere."""

    order: Tensor

    def __init__(self, layout: Layout) -> None:
        super().__init__()
        parts = [feature for feature in layout.features if feature.formula is not None]
        parts.sort(key=lambda feature: _signature(feature.formula))
        groups = [list(group) for _, group in groupby(parts, key=lambda feature: _signature(feature.formula))]
        self.groups = nn.ModuleList(RawGroup(group) for group in groups)
        made = [column for group in groups for column in _columns_of(group)]
        encoded = [feature for feature in layout.features if feature.name == "number"]
        made += [(feature.column, place) for feature in encoded for place in range(feature.columns)]
        places = {column: position for position, column in enumerate(made)}
        wanted = [
            places[feature.column, place]
            for feature in layout.features
            if feature.name in ("raw", "number")
            for place in range(feature.columns if feature.formula is None else feature.formula.width)
        ]
        self.register_buffer("order", torch.tensor(wanted))

    def forward(self, raw: Tensor | None, number: Tensor | None) -> Tensor:
        """float32 `[n, columns]`."""
        parts = [group(raw) for group in self.groups]
        if number is not None:
            parts.append(number)
        return torch.cat(parts, dim=1).index_select(1, self.order)


class RawGroup(nn.Module):
    """Raw columns whose formulas have steps of the same kinds: their values, then an indicator for each feature that has one."""

    columns: Tensor
    missing: Tensor
    largest: Tensor

    def __init__(self, group: Sequence[FeatureInput]) -> None:
        super().__init__()
        formulas = [feature.formula for feature in group if feature.formula is not None]
        columns = [feature.first + place for feature in group for place in range(feature.columns)]
        self.register_buffer("columns", torch.tensor(columns))
        self.register_buffer("largest", _doubles([torch.finfo(torch.float64).max]))
        self.register_buffer("missing", _doubles([value for formula in formulas for value in formula.missing]))
        self.steps = nn.ModuleList(
            _stacked([formula.steps[position] for formula in formulas], [formula.columns for formula in formulas])
            for position in range(len(formulas[0].steps))
        )
        self._ends: list[tuple[int, int]] = []
        start = 0
        for formula in formulas:
            if formula.has_indicator:
                self._ends.append((start, start + formula.columns))
            start += formula.columns

    def forward(self, raw: Tensor) -> Tensor:
        """float32 `[n, columns and indicators]`."""
        chosen = raw.index_select(1, self.columns)
        is_there = torch.abs(chosen) <= self.largest  # neither NaN nor infinite
        values = torch.where(is_there, chosen, torch.zeros_like(chosen))
        for step in self.steps:
            values = step(values)
        encoded = torch.where(is_there, values, self.missing).clamp(-LARGEST, LARGEST).to(torch.float32)
        lacks = torch.logical_not(is_there).to(torch.float32)
        indicators = [lacks[:, start:end].amin(dim=1, keepdim=True) for start, end in self._ends]
        return torch.cat([encoded, *indicators], dim=1)


class Subtracting(nn.Module):
    """x - by."""

    by: Tensor

    def __init__(self, by: Tensor) -> None:
        super().__init__()
        self.register_buffer("by", by)

    def forward(self, values: Tensor) -> Tensor:
        """`[n, columns]`."""
        return values - self.by


class Dividing(Subtracting):
    """x / by."""

    def forward(self, values: Tensor) -> Tensor:
        """`[n, columns]`."""
        return values / self.by


class Clipping(Subtracting):
    """Within ± by."""

    def forward(self, values: Tensor) -> Tensor:
        """`[n, columns]`."""
        return torch.minimum(torch.maximum(values, -self.by), self.by)


class Bending(Subtracting):
    """x / sqrt(1 + (x / by)²)."""

    def forward(self, values: Tensor) -> Tensor:
        """`[n, columns]`."""
        ratio = values / self.by
        return values / torch.sqrt(1 + ratio * ratio)


class Interpolating(nn.Module):
    """Linear between knots, by counting how many of them a value has reached."""

    knots: Tensor
    ends: Tensor
    slopes: Tensor

    def __init__(self, step: Interpolate) -> None:
        super().__init__()
        knots, ends = _doubles(step.knots), _doubles(step.values)
        slopes = torch.zeros_like(knots)
        slopes[:-1] = (ends[1:] - ends[:-1]) / (knots[1:] - knots[:-1])
        self.register_buffer("knots", knots)
        self.register_buffer("ends", ends)
        self.register_buffer("slopes", slopes)

    def forward(self, values: Tensor) -> Tensor:
        """`[n, 1]`."""
        within = torch.minimum(torch.maximum(values, self.knots[0]), self.knots[-1])
        place = ((within >= self.knots).to(torch.int64).sum(dim=1) - 1).clamp(min=0)
        start, slope = self.knots.index_select(0, place), self.slopes.index_select(0, place)
        return (self.ends.index_select(0, place) + slope * (within[:, 0] - start)).unsqueeze(1)


def _stacked(steps: Sequence[Step], columns: Sequence[int]) -> nn.Module:
    """Steps of the same kind of several formulas as one."""
    match steps[0]:
        case Interpolate():
            return Interpolating(steps[0])
        case Subtract():
            return Subtracting(_doubles([value for step in steps if isinstance(step, Subtract) for value in step.by]))
        case Divide():
            return Dividing(_doubles([value for step in steps if isinstance(step, Divide) for value in step.by]))
    limits = [step.at for step, count in zip(steps, columns, strict=True) if isinstance(step, Clip | Bend) for _ in range(count)]
    return (Clipping if isinstance(steps[0], Clip) else Bending)(_doubles(limits))


def _signature(formula: Formula | None) -> tuple[str, ...]:
    """What formulas must have in common to be applied together; a table of knots stays alone."""
    assert formula is not None
    return tuple(f"{type(step).__name__}{step}" if isinstance(step, Interpolate) else type(step).__name__ for step in formula.steps)


def _columns_of(group: Sequence[FeatureInput]) -> list[tuple[str, int]]:
    """The encoded columns that a group gives, in its order, as (feature, place)."""
    values = [(feature.column, place) for feature in group for place in range(feature.columns)]
    indicators = [(feature.column, feature.columns) for feature in group if feature.formula and feature.formula.has_indicator]
    return values + indicators


def _doubles(values: Sequence[float]) -> Tensor:
    return torch.tensor(list(values), dtype=torch.float64)
