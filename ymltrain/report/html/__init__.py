"""One HTML file that shows something to a person: self-contained, readable on a phone and in the dark.

    page = Page(
        title="Skew of diamonds-price@champion",
        lead="12,000 rows served between 1 and 3 March.",
        sections=[
            Section("Verdict", [Facts({"verdict": Marked("fault", "bad"), "features": 9})]),
            Section("carat", [Chart(histograms(edges, {"trained": was, "served": now}, x_title="carat"), "distribution")]),
        ],
    )
    write_page(Path("skew.html"), page)

Every text is data: parts escape what they are given, in HTML and within charts, so a run named `<script>` is a name. The
file works from file:// and fetches nothing; its own policy forbids the browser to. Charts are drawn by plotly.js, which
the PyPI package plotly ships (extra `report`) and which is copied into the page; a page without charts does not need it.
`write_page` raises UsageError YT830 where it is missing and YT831 where the file cannot be written.
"""

from ymltrain.report.html.curves import Curve, Curves, CurvesChart, decimate
from ymltrain.report.html.figures import (
    Dimension,
    Figure,
    Markup,
    bands,
    bars,
    heatmap,
    histograms,
    lines,
    parallel_coordinates,
    points,
    ranges,
)
from ymltrain.report.html.page import Page, Section, render_page, write_page
from ymltrain.report.html.parts import Chart, Facts, Fold, Link, Listing, Marked, Prose, Table

__all__ = [
    "Chart",
    "Curve",
    "Curves",
    "CurvesChart",
    "Dimension",
    "Facts",
    "Figure",
    "Fold",
    "Link",
    "Listing",
    "Marked",
    "Markup",
    "Page",
    "Prose",
    "Section",
    "Table",
    "bands",
    "bars",
    "decimate",
    "heatmap",
    "histograms",
    "lines",
    "parallel_coordinates",
    "points",
    "ranges",
    "render_page",
    "write_page",
]
