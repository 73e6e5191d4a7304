"""Settings of a recipe with where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ymltrain.report.console import tell

if TYPE_CHECKING:
    from ymltrain.compiler.explain import Explanation, Setting


def explanation_as_json(explanation: Explanation) -> dict[str, Any]:
    """An explanation as programs read it."""
    return {
        "key_path": explanation.key_path,
        **_as_json(explanation.setting),
        "overridden": [_as_json(setting) for setting in explanation.overridden],
    }


def show_explanation(explanation: Explanation) -> None:
    """The value and its origin, then what it overrides."""
    tell((f"{explanation.key_path} = {value_text(explanation.setting.value)}", "bold"))
    tell(f"  set by {origin_text(explanation.setting)}")
    for setting in explanation.overridden:
        tell((f"  over {value_text(setting.value)}, set by {origin_text(setting)}", "dim"))


def origin_text(setting: Setting) -> str:
    """An origin in words."""
    if setting.file is None:
        return "default"
    place = setting.file if setting.line is None or setting.origin.value == "override" else f"{setting.file}:{setting.line}"
    if setting.origin.value == "default":
        return f"default of {place}"
    return place if setting.origin.value in ("file", "override") else f"{setting.origin.value}, {place}"


def value_text(value: Any) -> str:
    """A value as a recipe would write it on one line."""
    import json

    return value if isinstance(value, str) and value else json.dumps(value, ensure_ascii=False)


def _as_json(setting: Setting) -> dict[str, Any]:
    return {"value": setting.value, "origin": setting.origin.value, "file": setting.file, "line": setting.line}
