"""Run events as TensorBoard's own messages, without torch and without TensorFlow."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image, UnidentifiedImageError  # TensorBoard depends on it
from tensorboard.compat.proto.attr_value_pb2 import AttrValue
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.graph_pb2 import GraphDef
from tensorboard.compat.proto.node_def_pb2 import NodeDef
from tensorboard.compat.proto.summary_pb2 import HistogramProto, Summary
from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto
from tensorboard.compat.proto.versions_pb2 import VersionDef
from tensorboard.plugins.hparams import metadata
from tensorboard.plugins.hparams.api_pb2 import Status
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData, SessionEndInfo
from tensorboard.plugins.hparams.summary_v2 import hparams_pb

from ymltrain.api import GraphDrawn, GraphNode, Histogram, HistogramsLogged, MetricsLogged
from ymltrain.builtin.tracker.tensorboard_pictures import evaluation_pictures

IMAGES = (".png", ".jpg", ".jpeg", ".gif")
STATUSES = {"done": Status.STATUS_SUCCESS, "failed": Status.STATUS_FAILURE}


def scalars(event: MetricsLogged) -> Event:
    """All values of a step."""
    values = [Summary.Value(tag=tag, simple_value=value) for tag, value in event.values.items()]
    return Event(summary=Summary(value=values), step=event.step, wall_time=event.time)


def histograms(event: HistogramsLogged) -> Event:
    """All histograms of a step."""
    values = [Summary.Value(tag=tag, histo=_histogram(values)) for tag, values in event.values.items()]
    return Event(summary=Summary(value=values), step=event.step, wall_time=event.time)


def _histogram(spread: Histogram) -> HistogramProto:
    return HistogramProto(
        min=spread.edges[0],
        max=spread.edges[-1],
        num=sum(spread.counts),
        sum=spread.sum,
        sum_squares=spread.sum_squares,
        bucket_limit=spread.edges[1:],
        bucket=spread.counts,
    )


def graph(event: GraphDrawn) -> Event:
    """The network's graph; modules become boxes that open."""
    definition = GraphDef(node=[_node(node) for node in event.nodes], versions=VersionDef(producer=22))
    return Event(graph_def=definition.SerializeToString(), wall_time=event.time)


def _node(node: GraphNode) -> NodeDef:
    shape = TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in node.shape])
    shapes = AttrValue(list=AttrValue.ListValue(shape=[shape]))
    return NodeDef(name=node.name, op=node.operation, input=node.inputs, attr={"_output_shapes": shapes})


def images(path: Path, role: str, step: int) -> list[Event]:
    """Each picture among a run's files, under its place in the run, and the charts of an evaluation that lies there.

    A file that is no picture is none.
    """
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    pictures = [file for file in files if file.suffix.lower() in IMAGES and file.is_file()]
    shown = [event for file in pictures for event in _image(file.read_bytes(), "/".join((role, *_below(file, path))), step)]
    return shown + [event for name, png in evaluation_pictures(path) for event in _image(png, name, step)]


def _below(file: Path, path: Path) -> Sequence[str]:
    return (file.relative_to(path) if path.is_dir() else Path(file.name)).with_suffix("").parts


def _image(content: bytes, tag: str, step: int) -> list[Event]:
    try:
        with Image.open(io.BytesIO(content)) as picture:
            width, height = picture.size
            channels = len(picture.getbands())
    except (UnidentifiedImageError, OSError):
        return []
    shown = Summary.Image(height=height, width=width, colorspace=channels, encoded_image_string=content)
    return [Event(summary=Summary(value=[Summary.Value(tag=tag, image=shown)]), step=step)]


def session_start(run_id: str, params: Mapping[str, Any]) -> Event:
    """The run's row in the table of params."""
    return Event(summary=hparams_pb({key: _shown(value) for key, value in params.items()}, trial_id=run_id))


def _shown(value: Any) -> bool | float | str:
    """A param as TensorBoard's table takes it; it hides runs that have a null in it, and knows no lists."""
    return value if isinstance(value, bool | int | float | str) else json.dumps(value)


def session_end(status: str) -> Event:
    """What tells TensorBoard's table of params how the run ended (its own function for this needs TensorFlow)."""
    shown = STATUSES.get(status, Status.STATUS_UNKNOWN)
    content = HParamsPluginData(session_end_info=SessionEndInfo(status=shown, end_time_secs=time.time()))
    about = metadata.create_summary_metadata(content)
    value = Summary.Value(tag=metadata.SESSION_END_INFO_TAG, metadata=about, tensor=metadata.NULL_TENSOR)
    return Event(summary=Summary(value=[value]))
