"""Named tensors as safetensors files, and their digest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ymltrain.diagnostics import BundleError
from ymltrain.storage.digests import tensor_digest

if TYPE_CHECKING:
    from torch import Tensor


def digest_tensors(tensors: Mapping[str, Tensor]) -> str:
    """The digest of named tensors: equal exactly when names, dtypes, shapes and bytes are."""
    import torch

    def described(tensor: Tensor) -> tuple[str, tuple[int, ...], bytes]:
        flat = tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy()
        return _dtype_name(tensor.dtype), tuple(tensor.shape), flat.tobytes()

    return tensor_digest({name: described(tensor) for name, tensor in tensors.items()})


def encode_tensors(tensors: Mapping[str, Tensor]) -> bytes:
    """A safetensors file. It carries no metadata, so equal tensors give equal bytes."""
    from safetensors.torch import save

    return save({name: tensors[name].detach().cpu().contiguous() for name in sorted(tensors)})


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a safetensors file. Raises BundleError when it is none."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except (SafetensorError, OSError) as error:
        raise BundleError("YT922", f"{path} cannot be read: {error}", "take the bundle from its run or registry again") from None


def _dtype_name(dtype: object) -> str:
    """A dtype as safetensors calls it."""
    import torch

    names = {
        torch.float64: "F64",
        torch.float32: "F32",
        torch.float16: "F16",
        torch.bfloat16: "BF16",
        torch.int64: "I64",
        torch.int32: "I32",
        torch.int16: "I16",
        torch.int8: "I8",
        torch.uint8: "U8",
        torch.bool: "BOOL",
    }
    assert isinstance(dtype, torch.dtype)
    return names[dtype]
