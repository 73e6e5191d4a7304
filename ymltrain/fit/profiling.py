"""The profile of a run's training data, for its bundle."""

from __future__ import annotations

from collections.abc import Callable

from ymltrain.bundle.predictor import Predictor
from ymltrain.data.drawing import draw_rows
from ymltrain.fit.job import Job

PROFILED_ROWS = 200_000


def profile_maker(job: Job) -> Callable[[Predictor], bytes] | None:
    """A function that makes the profile with the bundle's predictor; None when the recipe wants none.

    Reads the table once more: profiles are of raw values, and hold at most 200,000 drawn rows of either part.
    """
    if not job.plan.skew.profile:
        return None

    def make(predictor: Predictor) -> bytes:
        from ymltrain.serving.stamp import libraries
        from ymltrain.skew.profile import write_profile
        from ymltrain.skew.reference import ProfileRows, make_profile
        from ymltrain.skew.settings import check_settings

        drawn = draw_rows(job.source(), job.build(job.plan.node("split")), job.table_spec(), PROFILED_ROWS)
        orders = {feature.column: feature.order for feature in job.plan.features if feature.order is not None}
        rows = ProfileRows(train=drawn.train, held_out=drawn.held_out, orders=orders)
        return write_profile(make_profile(predictor, rows, libraries(), check_settings(job.plan.skew)))

    return make
