"""The exception tree. A command maps each branch to an exit code; a user never sees a traceback.

YmltrainError
├── UsageError       the command line or the order of things is wrong             exit 2
├── RecipeError      the recipe is wrong; carries every diagnostic                exit 2
├── PluginError      an installed plugin is missing, broken or breaks its contract exit 2
├── DataError        the data cannot be read or do not fit the recipe             exit 1
├── RunError         training failed; says what was saved                         exit 1
├── BundleError      a bundle is damaged or does not fit the inputs               exit 1
├── RegistryError    a registry refused, or its storage failed                    exit 1
│   └── ModelNameError   no model, version or alias has this name, or can have it exit 2
└── InternalError    a fault of ymltrain itself                                   exit 1
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from ymltrain.diagnostics.diagnostic import MAX_FOUND, Diagnostic, Severity


class YmltrainError(Exception):
    """Anything that ends a command: a stable code, a message for a person, and what to do."""

    exit_code: ClassVar[int] = 1

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint


class UsageError(YmltrainError):
    """The command line is wrong, or what it names is not there."""

    exit_code = 2


class RecipeError(YmltrainError):
    """The recipe is wrong. `diagnostics` holds every finding, warnings included."""

    exit_code = 2

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        errors = [found for found in diagnostics if found.severity is Severity.ERROR]
        count = "1 mistake" if len(errors) == 1 else f"{len(errors)} mistakes"
        if len(diagnostics) >= MAX_FOUND:
            count = f"the first {count}"
        super().__init__(errors[0].code, f"{count} in the recipe", errors[0].hint)
        self.diagnostics = tuple(diagnostics)


class PluginError(YmltrainError):
    """A plugin is not installed, cannot be imported, or breaks the contract of its kind."""

    exit_code = 2


class DataError(YmltrainError):
    """The data cannot be read, or do not hold what the recipe needs."""


class RunError(YmltrainError):
    """Training ended before its end; the message says what was saved."""


class BundleError(YmltrainError):
    """A bundle is damaged, or the data given to it do not fit its contract."""


class RegistryError(YmltrainError):
    """A registry refused: lost compare-and-set, damaged object, failed storage."""


class ModelNameError(RegistryError):
    """No model, version or alias has the name that was given, or none can have it."""

    exit_code = 2


class InternalError(YmltrainError):
    """A fault of ymltrain itself."""
