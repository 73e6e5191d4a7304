"""Pages as bytes: self-contained, escaped, refused with a remedy."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys

import pytest

from ymltrain.diagnostics import UsageError
from ymltrain.report.html import (
    Chart,
    Curve,
    Curves,
    CurvesChart,
    Dimension,
    Facts,
    Fold,
    Link,
    Listing,
    Marked,
    Page,
    Prose,
    Section,
    Table,
    bars,
    decimate,
    parallel_coordinates,
    points,
    render_page,
    write_page,
)

HOSTILE = '<script>alert("&\'")</script><!-- \u2028 \udc80'

WITHOUT_PLOTLY = """
import sys
sys.modules["plotly"] = None  # as Python itself marks a module that is not to be found
from ymltrain.diagnostics import UsageError
from ymltrain.report.html import *
try:
    render_page(Page("p", [Section("s", [Chart(bars(["a"], {"b": [1.0]}), "c")])]))
except UsageError as error:
    print(error.code, error.hint)
"""


def page_of(*parts):
    """A page with these parts in its one section."""
    return Page(title="a page", sections=[Section("a section", parts)])


def own_scripts(html):
    """All script elements as a browser's parser would cut them, without the chart library."""
    found = re.findall(r"<script[^>]*>(.*?)</script", html, re.DOTALL | re.IGNORECASE)
    return [text for text in found if not text.lstrip().startswith("/**")]


def test_every_text_is_escaped():
    """A text that would end an element or begin a script stands as text, wherever it is put."""
    parts = [
        Prose(HOSTILE),
        Facts({HOSTILE: HOSTILE}),
        Table([HOSTILE], [[HOSTILE], [Marked(HOSTILE, "bad")], [Link(HOSTILE, HOSTILE)]], caption=HOSTILE),
        Listing(HOSTILE),
        Listing(f"+{HOSTILE}", is_diff=True),
        Fold(HOSTILE, [Prose(HOSTILE)]),
        Chart(points([1], [2], labels=[HOSTILE], x_title=HOSTILE, y_title=HOSTILE), HOSTILE, note=HOSTILE),
        Curves([HOSTILE], [CurvesChart(HOSTILE, [Curve(0, {HOSTILE: [1]}, [1.0])])], axes=[HOSTILE], details=[HOSTILE]),
    ]
    html = render_page(Page(title=HOSTILE, lead=HOSTILE, foot=HOSTILE, sections=[Section(HOSTILE, parts)] * 3))
    assert html.encode()
    assert len(own_scripts(html)) == 2
    assert "alert(" not in re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL).replace("alert(&quot;", "")


def test_data_cannot_end_their_element():
    """JSON in the page holds no character that HTML knows, and is still the same JSON."""
    html = render_page(page_of(Curves(["</script><b>"], [CurvesChart("m", [Curve(0, {"step": [1]}, [1.0])])])))
    data = next(text for text in own_scripts(html) if text.startswith("["))
    assert not set(data) & set("<>&")
    assert json.loads(data)[0]["labels"] == ["&lt;/script&gt;&lt;b&gt;"]


def test_a_link_stays_beside_the_page():
    """A path that looks like a program or another site is a relative path."""
    html = render_page(page_of(Facts({"a": Link("x", "javascript:alert(1)"), "b": Link("y", "//evil/x y")})))
    assert re.findall(r'<a href="([^"#]+)"', html) == ["./javascript%3Aalert%281%29", ".///evil/x%20y"]


def test_a_page_fetches_nothing():
    """No element names another file, and the page's own policy forbids the browser to load one."""
    html = render_page(page_of(Prose("text")))
    assert re.findall(r"\b(?:src|href)\s*=", html) == []
    assert "default-src 'none'" in html


def test_values_that_are_no_numbers_become_gaps():
    """NaN and infinities are no JSON: the chart has a gap there, the table says what it is."""
    html = render_page(
        page_of(Chart(points([1, 2], [math.nan, math.inf], x_title="x", y_title="y"), "c"), Table(["v"], [[math.inf]]))
    )
    data = json.loads(next(text for text in own_scripts(html) if text.startswith("[")))
    assert data[0]["figure"]["data"][0]["y"] == [None, None]
    assert ">inf<" in html


def test_a_page_without_charts_needs_no_library():
    """Only charts bring the library's megabytes along."""
    assert len(render_page(page_of(Table(["a"], [[1]])))) < 50_000


def test_the_missing_extra_is_named():
    """Without plotly a page with charts ends in an error that says what to install."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_PLOTLY], capture_output=True, text=True, check=False)
    assert done.stdout == "YT830 pip install 'ymltrain[report]'\n", done.stderr


def test_rendering_does_not_import_plotly():
    """Figures are plain dicts; the library's file is found and read, its package not imported."""
    program = "import sys; from ymltrain.report.html import *; import ymltrain.report.html.library as l; l.chart_script(); print('plotly' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout == "False\n"


def test_a_folder_that_refuses_is_named(tmp_path):
    """A page that cannot be written is an error with the place, and leaves nothing behind."""
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="cannot be written") as caught:
        write_page(tmp_path / "file" / "page.html", page_of(Prose("text")))
    assert caught.value.code == "YT831"


@pytest.mark.parametrize("count", [0, 1, 2, 99, 100, 101, 12_345])
def test_decimation_keeps_ends_and_extremes(count):
    """A long curve loses points and neither its ends nor its highest and lowest value."""
    values = [math.sin(place / 7) * place for place in range(count)]
    kept = decimate(values, 100)
    assert len(kept) <= max(100, 2)
    if count:
        assert {0, count - 1, values.index(max(values)), values.index(min(values))} <= set(kept)


def test_parallel_axes_take_what_runs_have():
    """Numbers, logarithms, texts and missing values each get an axis on which every line has a place."""
    figure = parallel_coordinates(
        [
            Dimension("lr", [1e-3, 1e-2, None], is_log=True),
            Dimension("type", ["adam", None, "sgd"]),
            Dimension("width", [8, 8, 8]),
            Dimension("flag", [True, False, True]),
        ],
        colors=[0.1, None, math.nan],
        color_title="loss",
    )
    for axis in figure["data"][0]["dimensions"]:
        low, high = axis["range"]
        assert len(axis["values"]) == 3
        assert all(low <= value <= high for value in axis["values"])
    assert figure["data"][0]["line"]["color"] == [0.1, 0.1, 0.1]


def test_bars_keep_names_apart():
    """Names that look like numbers or are equal when shortened keep their own bars."""
    figure = bars(["1", "01", "x" * 500, "x" * 501], {"s": [1, 2, 3, 4]})
    assert figure["data"][0]["x"] == [0, 1, 2, 3]
