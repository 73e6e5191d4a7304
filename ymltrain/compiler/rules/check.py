"""Pass 11: every rule is asked, in order."""

from __future__ import annotations

from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.availability import features_are_known_in_time, serving_defaults_fit
from ymltrain.compiler.rules.columns import (
    encoders_fit_their_columns,
    inputs_and_target_are_apart,
    skew_rules_name_features,
)
from ymltrain.compiler.rules.devices import (
    batch_norm_is_per_device,
    precision_fits_the_accelerator,
    strategy_fits_the_topology,
)
from ymltrain.compiler.rules.evaluation import (
    gates_on_slices_have_some,
    slices_can_be_cut,
)
from ymltrain.compiler.rules.exports import exports_can_be_made
from ymltrain.compiler.rules.measures import (
    best_weights_need_validation,
    loss_and_metrics_fit_the_task,
    nodes_are_named_once,
    watched_metrics_are_written,
)
from ymltrain.compiler.rules.registration import (
    champions_are_compared_on_the_same_rows,
    gates_say_something,
    registered_names_are_safe,
)
from ymltrain.compiler.rules.rule import Rule
from ymltrain.compiler.rules.splits import (
    keys_and_times_are_used,
    splits_have_their_columns,
)
from ymltrain.compiler.rules.targets import (
    targets_can_be_read,
    task_fits_the_target,
)
from ymltrain.compiler.rules.texts import (
    model_fits_the_task,
    only_texts_are_seen,
    tokenizer_is_there,
)
from ymltrain.compiler.rules.values import (
    features_have_values,
    targets_can_be_learned,
)


def check_graph(graph: PluginGraph, request: Request) -> PluginGraph:
    """Report what every rule finds; the graph itself passes unchanged."""
    for rule in RULES:
        for found in rule(graph, request):
            request.diagnostics.add(found)
    return graph


RULES: tuple[Rule, ...] = (
    inputs_and_target_are_apart,
    only_texts_are_seen,
    model_fits_the_task,
    tokenizer_is_there,
    task_fits_the_target,
    targets_can_be_read,
    targets_can_be_learned,
    features_have_values,
    loss_and_metrics_fit_the_task,
    encoders_fit_their_columns,
    features_are_known_in_time,
    serving_defaults_fit,
    skew_rules_name_features,
    nodes_are_named_once,
    watched_metrics_are_written,
    best_weights_need_validation,
    precision_fits_the_accelerator,
    strategy_fits_the_topology,
    batch_norm_is_per_device,
    splits_have_their_columns,
    keys_and_times_are_used,
    champions_are_compared_on_the_same_rows,
    gates_say_something,
    registered_names_are_safe,
    slices_can_be_cut,
    gates_on_slices_have_some,
    exports_can_be_made,
)
