"""Pages as people see them: drawn in Chromium, on a desk and a phone, by day and night."""

from __future__ import annotations

import math

import pytest

from ymltrain.report.html import (
    Chart,
    Curve,
    Curves,
    CurvesChart,
    Dimension,
    Facts,
    Fold,
    Marked,
    Page,
    Prose,
    Section,
    Table,
    bars,
    heatmap,
    histograms,
    lines,
    parallel_coordinates,
    points,
    write_page,
)

pytestmark = pytest.mark.services


def curves(runs, metrics, steps=200):
    """Curves that fall, each run its own way."""
    labels = [f"run-{run}" for run in range(runs)]
    charts = [
        CurvesChart(
            f"val/metric-{metric}",
            [
                Curve(
                    run,
                    {"step": list(range(1, steps + 1)), "seconds": [step / 10 for step in range(steps)]},
                    [math.exp(-step / (20 + run)) + metric + 0.02 * math.sin(step * 1.7) for step in range(steps)],
                )
                for run in range(runs)
            ],
        )
        for metric in range(metrics)
    ]
    return Curves(labels, charts, axes=("step", "seconds"))


def full_page():
    """A page with one of each part and figure."""
    names = ["a", "b & c", "<b>bold</b>"]
    dimensions = [Dimension("optimizer.lr", [1e-3, 1e-2, None], is_log=True), Dimension("model", ["mlp", "linear", "mlp"])]
    charts = [
        Chart(lines({"<i>x</i>": ([1, 2, 3], [3, 1, 2])}, x_title="x"), "lines"),
        Chart(points([1, 2, 3], [3, 1, 2], labels=names, x_title="x", y_title="y", colors=[1, 2, 3]), "points"),
        Chart(bars(names, {"was": [1, 2, 3], "is": [3, 2, 1]}), "bars"),
        Chart(bars(names, {"effect": [1, 2, 3]}, errors={"effect": [0.1, 0.2, 0.3]}, horizontal=True), "importance"),
        Chart(histograms([0, 1, 2, 4], {"trained": [0.2, 0.5, 0.3], "served": [0.1, 0.1, 0.8]}, x_title="carat"), "histograms"),
        Chart(heatmap(names, names, [[9, 1, 0], [0, 8, 2], [1, 0, 7]], x_title="predicted", y_title="is"), "heatmap"),
        Chart(parallel_coordinates(dimensions, colors=[0.1, 0.2, 0.3], color_title="loss"), "parallel"),
    ]
    table = Table(
        ["name", "loss", "verdict"],
        [[f"run {n}", n * 1.5, Marked("fault" if n == 3 else "ok", "bad" if n == 3 else "good")] for n in range(14)],
    )
    return Page(
        title="A page <script>alert(1)</script>",
        lead="One of everything.",
        sections=[
            Section("Facts", [Prose("Some words."), Facts({"verdict": Marked("fault", "bad"), "rows": 53_940}), table]),
            Section("Charts", charts),
            Section("Curves", [curves(3, 4), Fold("more", [Prose("hidden")])]),
        ],
    )


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    """The full page on disk."""
    file = tmp_path_factory.mktemp("page") / "page.html"
    write_page(file, full_page())
    return file


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("phone", [False, True])
def test_everything_is_drawn(open_page, page_file, dark, phone):
    """Every kind of part draws without a word in the console, and nothing is wider than the screen."""
    page = open_page(page_file, dark=dark, phone=phone)
    assert page.locator(".chart svg.main-svg").count() >= 11
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is not dark


def test_hostile_names_are_shown_as_they_are(open_page, page_file):
    """Markup in a name is text in headings and in charts."""
    page = open_page(page_file)
    assert page.locator("h1").inner_text() == "A page <script>alert(1)</script>"
    assert page.locator("[data-chart='2'] .xtick text").all_text_contents()[-1] == "<b>bold</b>"


def test_tables_sort_and_filter(open_page, page_file):
    """A click on a heading sorts by value, a second one the other way; the box leaves what matches."""
    page = open_page(page_file)
    heading = page.locator("th", has_text="loss")
    first = page.locator("table tbody tr td:first-child").first
    heading.click()
    heading.click()
    assert first.inner_text() == "run 13"
    page.locator(".table-filter").fill("fault")
    assert page.locator("table tbody tr:visible").count() == 1


def test_smoothing_and_axes(open_page, page_file):
    """Smoothing draws a second line under each, the axes change kind and unit."""
    page = open_page(page_file)
    chart = page.locator(".curves [data-chart]").first
    assert chart.evaluate("box => box.data.length") == 3
    page.locator(".smooth").fill("0.9")
    page.wait_for_function("document.querySelector('.curves [data-chart]').data?.length === 6")
    page.locator(".log-y").check()
    page.locator("select.axis").select_option("seconds")
    page.wait_for_function("document.querySelector('.curves [data-chart]').layout.yaxis.type === 'log'")
    page.wait_for_function("document.querySelector('.curves [data-chart]').layout.xaxis.title.text === 'seconds'")


def test_runs_can_be_filtered(open_page, page_file):
    """Only the runs whose name holds the text stay in the charts and the list."""
    page = open_page(page_file)
    page.locator(".run-filter").fill("run-2")
    page.wait_for_function("document.querySelector('.curves [data-chart]').data.filter(line => line.visible).length === 1")
    assert page.locator(".run:visible").count() == 1


def test_dragging_zooms(open_page, page_file):
    """A drag over a chart shows that stretch of it, and smoothing keeps the stretch."""
    page = open_page(page_file)
    chart = page.locator(".curves [data-chart]").first
    chart.scroll_into_view_if_needed()
    box = chart.locator(".nsewdrag").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.8, steps=5)
    page.mouse.up()
    page.wait_for_function("document.querySelector('.curves [data-chart]').layout.xaxis.range[0] > 30")
    page.locator(".smooth").fill("0.5")
    page.wait_for_function("document.querySelector('.curves [data-chart]').data.length === 6")
    assert chart.evaluate("box => box.layout.xaxis.range[0] > 30")


def test_fifty_runs_of_twenty_curves_stay_responsive(open_page, tmp_path):
    """The largest page that people make: all charts draw, and a filter reaches those in view within two seconds."""
    file = tmp_path / "large.html"
    write_page(file, Page("large", [Section("curves", [curves(50, 20, steps=1_000)])]))
    assert file.stat().st_size < 25_000_000
    page = open_page(file)
    page.locator(".run-filter").fill("run-49")
    page.wait_for_function(
        "document.querySelector('.curves [data-chart]').data.filter(line => line.visible).length === 1", timeout=2_000
    )
