"""What a check is told: tolerances, the alarm budget, the least change that matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from ymltrain.plan.sections import Skew


class FeatureRule(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for one feature instead of the general settings."""

    min_effect: float | None = None
    atol: float | None = None
    rtol: float | None = None
    ignore: bool = False


class CheckSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`budget` is in false alarms per 1,000 checks of clean logs. `rtol` and `atol` are torch.testing's for float32."""

    budget: float = 5.0
    min_effect: float = 0.03
    rtol: float = 1.3e-6
    atol: float = 1e-5
    replay_rows: int = 3_000
    features: dict[str, FeatureRule] = {}

    @property
    def rate(self) -> float:
        """The chance of any alarm on a clean log."""
        return self.budget / 1_000

    def rule(self, feature: str) -> FeatureRule:
        return self.features.get(feature, FeatureRule())

    def effect_of(self, feature: str) -> float:
        """The least distance of a feature that is reported."""
        chosen = self.rule(feature).min_effect
        return self.min_effect if chosen is None else chosen


def check_settings(section: Skew) -> CheckSettings:
    """What a recipe's `skew:` says of checks."""
    return CheckSettings(
        budget=section.budget,
        min_effect=section.min_effect,
        rtol=section.rtol,
        atol=section.atol,
        replay_rows=section.replay_rows,
        features={name: FeatureRule(**msgspec.structs.asdict(rule)) for name, rule in section.features.items()},
    )
