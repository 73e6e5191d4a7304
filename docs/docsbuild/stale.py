"""Generated pages that are not what the code says now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path


def stale_pages(pages: Mapping[Path, str], folder: Path, root: Path) -> Iterator[str]:
    """Pages that differ, are missing, or lie in the folder of generated pages and are written by nothing."""
    for path in sorted({*pages, *folder.rglob("*.md")}):
        if path not in pages:
            yield f"{path.relative_to(root)} is written by nothing: remove it"
        elif not path.is_file() or path.read_text() != pages[path]:
            yield f"{path.relative_to(root)} is not current: run `make docs`"
