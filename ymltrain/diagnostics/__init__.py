"""What went wrong, where and what to do: diagnostics for recipes, errors for everything else."""

from ymltrain.diagnostics.diagnostic import Diagnostic, Diagnostics, KeyPath, Severity
from ymltrain.diagnostics.errors import (
    BundleError,
    DataError,
    InternalError,
    ModelNameError,
    PluginError,
    RecipeError,
    RegistryError,
    RunError,
    UsageError,
    YmltrainError,
)
from ymltrain.diagnostics.nearest import did_you_mean, nearest_name
from ymltrain.diagnostics.span import Source, Span

__all__ = [
    "BundleError",
    "DataError",
    "Diagnostic",
    "Diagnostics",
    "InternalError",
    "KeyPath",
    "ModelNameError",
    "PluginError",
    "RecipeError",
    "RegistryError",
    "RunError",
    "Severity",
    "Source",
    "Span",
    "UsageError",
    "YmltrainError",
    "did_you_mean",
    "nearest_name",
]
