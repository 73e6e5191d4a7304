"""Relative links that lead nowhere: to a file that is not there, or to a heading that a page does not have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

FENCE = re.compile(r"^(```|~~~).*?^\1\s*$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s#]*)(?:#([^)\s]*))?\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*$", re.MULTILINE)


def dead_links(pages: Iterable[Path], root: Path) -> Iterator[str]:
    """Each as `page: link`."""
    for page in pages:
        for target, heading in LINK.findall(FENCE.sub("", page.read_text())):
            path = (page.parent / target).resolve() if target else page
            if not path.exists():
                yield f"{page.relative_to(root)}: {target} is not there"
            elif heading and path.suffix == ".md" and heading not in _anchors(path):
                yield f"{page.relative_to(root)}: {target} has no heading #{heading}"


@lru_cache
def _anchors(page: Path) -> frozenset[str]:
    """The anchors a forge gives to headings: small letters, dashes for spaces, no other signs; a number for a repeated one."""
    seen: dict[str, int] = {}
    anchors = set()
    for title in HEADING.findall(FENCE.sub("", page.read_text())):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", title)
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = seen[anchor] = seen.get(anchor, -1) + 1
        anchors.add(f"{anchor}-{count}" if count else anchor)
    return frozenset(anchors)
