"""The profile of a run's training data, for its bundle."""

from __future__ import annotations

from collections.abc import Callable

from ymltrain.bundle.predictor import Predictor
from ymltrain.data.drawing import DrawnRows, draw_rows
from ymltrain.data.prepare import PreparedData
from ymltrain.fit.job import PROFILED_ROWS, Job


def profile_maker(job: Job, data: PreparedData) -> Callable[[Predictor], bytes] | None:
    """A function that makes the profile with the bundle's predictor; None when the recipe wants none.

    Profiles are of raw values. Their rows were drawn while the data were prepared; the table is read anew only where the
    cache that held them was cleared meanwhile.
    """
    if not job.plan.skew.profile:
        return None

    def make(predictor: Predictor) -> bytes:
        from ymltrain.serving.stamp import libraries
        from ymltrain.skew.profile import write_profile
        from ymltrain.skew.reference import ProfileRows, make_profile
        from ymltrain.skew.settings import check_settings

        drawn = _drawn(job, data)
        orders = {feature.column: feature.order for feature in job.plan.features if feature.order is not None}
        rows = ProfileRows(drawn.train, drawn.held_out, orders, drawn.is_in_time_order)
        return write_profile(make_profile(predictor, rows, libraries(), check_settings(job.plan.skew)))

    return make


def _drawn(job: Job, data: PreparedData) -> DrawnRows:
    if data.drawn is not None:
        try:
            return data.drawn()
        except OSError:
            pass  # another run's data took its place in the cache
    return draw_rows(job.source(), job.build(job.plan.node("split")), job.table_spec(), PROFILED_ROWS)
