"""The chart library: plotly.js, as the PyPI package plotly ships it. Nothing of it is kept here."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from ymltrain.diagnostics import UsageError

SCRIPT = "package_data/plotly.min.js"


def chart_script() -> str:
    """The library's minified JavaScript, ready to stand in a `<script>`. Raises UsageError when it is not installed.

    The package is found and not imported: only the file in it is wanted.
    """
    spec = find_spec("plotly")
    folders = [] if spec is None else list(spec.submodule_search_locations or [])
    for folder in folders:
        file = Path(folder) / SCRIPT
        if file.is_file():
            return file.read_text(encoding="utf-8").replace("</script", r"<\/script")
    raise UsageError("YT830", "pages with charts need the chart library plotly", "pip install 'ymltrain[report]'")
