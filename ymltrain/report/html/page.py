"""A page: a title, a lead and sections, rendered as one file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from ymltrain import __version__
from ymltrain.diagnostics import UsageError
from ymltrain.report.html.library import chart_script
from ymltrain.report.html.parts import Charts, Part
from ymltrain.report.text import escape, json_for_script
from ymltrain.storage import write_durably

CONTENTS_FROM_SECTIONS = 3
# Nothing may be loaded from anywhere, whatever a later fault lets into the page. plotly.js compiles its WebGL calls.
POLICY = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data: blob:"


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    parts: Sequence[Part]


@dataclass(frozen=True)
class Page:
    """The whole page; `lead` is the sentence below the title, `foot` says below the page where it comes from."""

    title: str
    sections: Sequence[Section]
    lead: str = ""
    foot: str = ""


def render_page(page: Page) -> str:
    """The page as one HTML document. Raises UsageError YT830 when it has charts and the chart library is missing."""
    charts = Charts()
    body = "".join(_section(number, section, charts) for number, section in enumerate(page.sections))
    script = f"<script>{chart_script()}</script>" if charts.specs else ""
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(page.title)}</title><style>{_asset('page.css')}</style></head>\n<body><header><h1>{escape(page.title)}</h1>"
        f"{f'<p class=lead>{escape(page.lead)}</p>' if page.lead else ''}{_contents(page)}</header>\n<main>{body}</main>\n"
        f"<footer>{escape(page.foot or f'made by ymltrain {__version__}')}</footer>\n"
        f'<script type="application/json" id="page-data">{json_for_script(charts.specs)}</script>\n'
        f"{script}\n<script>{_asset('page.js')}</script></body></html>\n"
    )


def write_page(path: Path, page: Page) -> None:
    """Write the page, whole or not at all. Raises UsageError as `render_page` does, and YT831 when it cannot be written."""
    content = render_page(page).encode()
    try:
        write_durably(path, content)
    except OSError as error:
        raise UsageError("YT831", f"the page {path} cannot be written: {error.strerror}", "choose another place with -o") from None


def _section(number: int, section: Section, charts: Charts) -> str:
    parts = "".join(part.to_html(charts) for part in section.parts)
    return f'<section id="s{number}"><h2>{escape(section.title)}</h2>{parts}</section>'


def _contents(page: Page) -> str:
    if len(page.sections) < CONTENTS_FROM_SECTIONS:
        return ""
    links = "".join(f'<a href="#s{number}">{escape(section.title)}</a>' for number, section in enumerate(page.sections))
    return f'<nav aria-label="sections">{links}</nav>'


def _asset(name: str) -> str:
    return files("ymltrain.report.html").joinpath("assets", name).read_text(encoding="utf-8")
