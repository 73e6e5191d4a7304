"""Making the content of an export, and running it again from that content: each format's two sides.

A torch program is only ever run here from the very bytes that this process has made, or that its user trusts: opening such
an archive may run code. An ONNX model is data; it is opened from its bytes alone, so that it can name no other file.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy.typing as npt

from ymltrain.bundle.predictor import AnyPredictor, Predictor
from ymltrain.bundle.text_predictor import TextPredictor
from ymltrain.diagnostics import BundleError
from ymltrain.export.decoding_graph import RESULTS
from ymltrain.export.exported_network import ExportedLanguageModel, ExportedNetwork
from ymltrain.export.layout import DTYPES, Layout, TextLayout, layout_of
from ymltrain.plan.exports import ExportFormat

if TYPE_CHECKING:
    import torch
    from onnx import ModelProto

Run: TypeAlias = Callable[[Mapping[str, npt.NDArray[Any]]], dict[str, npt.NDArray[Any]]]
"""The outputs of an export by name, for inputs by name."""

AnyLayout: TypeAlias = Layout | TextLayout

EXAMPLE_ROWS = 3
EXAMPLE_TOKENS = 7
BATCH, TOKENS = "batch", "tokens"
"""The names of sizes that are free."""
NOISY_LOGGERS = ("torch.onnx", "torch.export", "onnxscript", "onnx_ir")
LARGEST_ONNX = (1 << 31) - 1


@dataclass(frozen=True)
class Made:
    """An export as bytes, its inputs, and what it was made with."""

    content: bytes
    layout: AnyLayout
    outputs: tuple[str, ...]
    made_with: dict[str, str]


def make_content(predictor: AnyPredictor, export_format: ExportFormat) -> Made:
    """The file of an export. Raises BundleError (YT890) when the network cannot be exported."""
    from importlib.metadata import version

    layout = any_layout(predictor, export_format)
    made_with = {"torch": version("torch")}
    if export_format == "safetensors":
        from ymltrain.bundle.tensors import encode_tensors

        return Made(encode_tensors(predictor.network.state_dict()), layout, ("output",), made_with)
    outputs = RESULTS[predictor.contract.output.task]
    try:
        with _quietly():
            program = _program(predictor)
            if export_format == "torch":
                return Made(_archive(program), layout, outputs, made_with)
            model = _onnx_model(program, tuple(layout.widths), outputs)
            made_with |= {"onnx": version("onnx"), "opset": str(model.opset_import[0].version)}
            return Made(_onnx_bytes(model), layout, outputs, made_with)
    except BundleError:
        raise
    except Exception as error:
        raise _not_exportable(predictor, export_format, error) from error


def any_layout(predictor: AnyPredictor, export_format: ExportFormat) -> AnyLayout:
    """What goes into an export of a format."""
    if isinstance(predictor, TextPredictor):
        return TextLayout(predictor.target.spec.context)
    return layout_of(predictor, with_formulas=export_format != "safetensors")


def open_content(
    content: bytes, export_format: ExportFormat, predictor: AnyPredictor, layout: AnyLayout, outputs: tuple[str, ...]
) -> Run:
    """A way to run an export. A torch archive may run code of its own when it is opened: see the module."""
    match export_format:
        case "torch":
            return _run_program(content, tuple(layout.widths), outputs)
        case "onnx":
            return _run_onnx(content, outputs)
    return _run_weights(content, predictor, layout)


def _program(predictor: AnyPredictor) -> torch.export.ExportedProgram:
    if isinstance(predictor, TextPredictor):
        return _text_program(predictor)
    return _table_program(predictor, layout_of(predictor, with_formulas=True))


def _table_program(predictor: Predictor, layout: Layout) -> torch.export.ExportedProgram:
    import torch

    network = ExportedNetwork(predictor, layout).eval()
    dtypes = {name: torch.from_numpy(_zeros(dtype)).dtype for name, dtype in DTYPES.items()}
    example = tuple(torch.zeros(EXAMPLE_ROWS, width, dtype=dtypes[name]) for name, width in layout.widths.items())
    batch = torch.export.Dim(BATCH)
    program = torch.export.export(network, example, dynamic_shapes={"inputs": tuple({0: batch} for _ in example)})
    return _nameless(program)


def _text_program(predictor: TextPredictor) -> torch.export.ExportedProgram:
    import torch

    context = predictor.target.spec.context
    example = torch.zeros(EXAMPLE_ROWS, min(context, EXAMPLE_TOKENS), dtype=torch.int32)
    sizes = {0: torch.export.Dim(BATCH)}
    if context > 1:
        sizes[1] = torch.export.Dim(TOKENS, max=context)
    network = ExportedLanguageModel(predictor).eval()
    return _nameless(torch.export.export(network, (example,), dynamic_shapes={"tokens": sizes}))


def _nameless(program: torch.export.ExportedProgram) -> torch.export.ExportedProgram:
    """Without the names of files of the machine that made it."""
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)
    return program


def _archive(program: torch.export.ExportedProgram) -> bytes:
    import torch

    stream = io.BytesIO()
    torch.export.save(program, stream)
    return stream.getvalue()


def _onnx_model(program: torch.export.ExportedProgram, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> ModelProto:
    import onnx
    import torch

    made = torch.onnx.export(
        program, (), dynamo=True, verbose=False, input_names=list(inputs), output_names=list(outputs), external_data=False
    )
    assert made is not None
    model: ModelProto = made.model_proto
    names: dict[str, str] = {}
    for value in model.graph.input:
        sizes = zip((BATCH, TOKENS), value.type.tensor_type.shape.dim, strict=False)
        names |= {size.dim_param: name for name, size in sizes if size.dim_param}
    for value in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        for size in value.type.tensor_type.shape.dim:
            if size.dim_param in names:
                size.dim_param = names[size.dim_param]
    for node in model.graph.node:
        del node.metadata_props[:]  # stack traces, which name files of the machine that made it
        node.doc_string = ""
    onnx.checker.check_model(model, full_check=True)
    return model


def _onnx_bytes(model: ModelProto) -> bytes:
    if model.ByteSize() > LARGEST_ONNX:
        raise BundleError("YT890", f"the ONNX model is {model.ByteSize():,} bytes, and one file holds 2 GiB", "export to torch")
    content: bytes = model.SerializeToString(deterministic=True)
    return content


def _run_program(content: bytes, inputs: tuple[str, ...], outputs: tuple[str, ...]) -> Run:
    import torch

    with _quietly():
        module = torch.export.load(io.BytesIO(content)).module()

    def run(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        with torch.inference_mode():
            results = module(*(torch.from_numpy(arrays[name]) for name in inputs))
        return {name: result.numpy() for name, result in zip(outputs, results, strict=True)}

    return run


def _run_onnx(content: bytes, outputs: tuple[str, ...]) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def run(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        return dict(zip(outputs, session.run(list(outputs), dict(arrays)), strict=True))

    return run


def _run_weights(content: bytes, predictor: AnyPredictor, layout: AnyLayout) -> Run:
    """A network that is filled anew from the file."""
    import copy

    import torch
    from safetensors.torch import load

    network = copy.deepcopy(predictor.network)
    for tensor in network.state_dict().values():
        tensor.zero_()
    network.load_state_dict(load(content))
    network.eval()

    def run(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        with torch.inference_mode():
            return {"output": network({name: torch.from_numpy(arrays[name]) for name in layout.widths}).float().numpy()}

    return run


@contextmanager
def _quietly() -> Iterator[None]:
    """Without what torch and its exporters tell their own developers."""
    loggers = [logging.getLogger(name) for name in NOISY_LOGGERS]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _zeros(dtype: Any) -> npt.NDArray[Any]:
    import numpy as np

    return np.zeros(1, dtype)


def _not_exportable(predictor: AnyPredictor, export_format: ExportFormat, error: Exception) -> BundleError:
    first = next((line for line in str(error).splitlines() if line.strip()), "")
    return BundleError(
        "YT890",
        f"the {predictor.contract.model.type} cannot be exported to {export_format}: {type(error).__name__}: {first[:300]}",
        "its forward may not depend on the values of its inputs; `--debug` shows all of the exporter's words",
    )
