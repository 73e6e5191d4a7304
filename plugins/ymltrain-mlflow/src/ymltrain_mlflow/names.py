"""Names and values as MLflow's server takes them (mlflow/utils/validation.py): others are refused with a 400."""

from __future__ import annotations

import json
import re
from typing import Any

LONGEST_NAME = 250
LONGEST_PARAM = 6_000
LONGEST_TAG = 8_000
FORBIDDEN = re.compile(r"[^/\w.\- :]", re.ASCII)


def safe_name(name: str) -> str:
    """The name with what is forbidden in it as `_`, never a path that leads up or begins at the root, and not too long."""
    name = FORBIDDEN.sub("_", name)
    parts = [part.replace("..", "__") if part.strip(".") == "" else part for part in name.split("/") if part]
    return "/".join(parts)[:LONGEST_NAME] or "_"


def param_text(value: Any) -> str:
    """A param as text, cut where it is too long."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return cut(text, LONGEST_PARAM)


def cut(text: str, longest: int) -> str:
    """The text, its end replaced by `…` when it is too long."""
    return text if len(text) <= longest else text[: longest - 1] + "…"
