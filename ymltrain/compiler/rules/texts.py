"""Rules about targets of texts, and the models that are made for them."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.util import find_spec

from ymltrain.compiler.graph import PluginGraph
from ymltrain.compiler.look import task_of
from ymltrain.compiler.request import Request
from ymltrain.compiler.rules.rule import found_at, listed
from ymltrain.diagnostics import Diagnostic
from ymltrain.plan.plan import BYTE_VOCABULARY
from ymltrain.plan.shapes import TABLE_TASKS


def only_texts_are_seen(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """A language model sees the texts alone, and each token counts once."""
    if task_of(graph.target) != "next_token":
        return
    features = graph.root.at(("features",))
    if features is not None and features.value != "auto":
        message = "a next_token target takes no features: its network sees the text's own tokens"
        yield found_at(graph, "YT635", message, "leave `features` out", ("features",))
    if graph.root.at(("weight",)) is not None:
        message = "a next_token target takes no weight: each token counts once"
        yield found_at(graph, "YT635", message, "leave `weight` out", ("weight",))
    if graph.root.at(("evaluation",)) is not None:
        message = "slices and intervals are of a table's rows, and a next_token target is measured by tokens"
        yield found_at(graph, "YT635", message, "leave `evaluation` out", ("evaluation",))
    profile = graph.root.at(("skew", "profile"))
    if profile is not None and profile.value is True:
        message = "a profile is of a table's features, and a next_token target has none"
        yield found_at(graph, "YT635", message, "leave it out, or write `profile: false`", ("skew", "profile"))


def model_fits_the_task(graph: PluginGraph, request: Request) -> Iterator[Diagnostic]:
    """A network of tables is none of texts, and the other way round."""
    task, model = task_of(graph.target), graph.nodes.get("model")
    if task is None or model is None:
        return
    tasks = getattr(model.plugin.implementation, "tasks", TABLE_TASKS)
    if task not in tasks:
        loaded = (request.catalog.load("model", name) for name in request.catalog.names("model"))
        fitting = ", ".join(one.entry.name for one in loaded if task in getattr(one.implementation, "tasks", TABLE_TASKS))
        message = f'the model "{model.type}" is for {listed(tasks)}, the task is {task}'
        yield found_at(graph, "YT636", message, f"for {task}: {fitting}" if fitting else "", ("model", "type"))


def tokenizer_is_there(graph: PluginGraph, _: Request) -> Iterator[Diagnostic]:
    """The library that learns tokens is installed, and a size is given to a vocabulary that has one."""
    target = graph.target
    if target is None or target.task != "next_token" or target.text is None:
        return
    if target.text.tokenizer == "bpe" and find_spec("tokenizers") is None:
        hint = "pip install 'ymltrain[text]', or write `tokenizer: byte`, which needs none"
        yield found_at(graph, "YT637", "the tokenizer bpe needs the library tokenizers", hint, ("target", "tokenizer"))
    if target.text.tokenizer == "byte" and graph.root.at(("target", "vocab_size")) is not None:
        message = f"vocab_size is for bpe; bytes have {BYTE_VOCABULARY} tokens"
        yield found_at(graph, "YT638", message, "leave it out, or write `tokenizer: bpe`", ("target", "vocab_size"))
