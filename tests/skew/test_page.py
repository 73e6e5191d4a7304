"""The page of a check, for someone who was just paged."""

import json

import pytest

from ymltrain.report.skew_page import skew_page
from ymltrain.skew.check import Question, check
from ymltrain.skew.log import log_files


@pytest.fixture(scope="module")
def spoilt(diamonds, tmp_path_factory):
    """The page of a log with `x` in another unit from record 1,000 on, and two cuts exchanged from record 500 on."""
    records = diamonds.records(diamonds.rows.head(2_000))
    state = {feature.column: feature.state for feature in diamonds.predictor.contract.features}
    for record in records[1_000:]:
        record["features"]["x"] = (record["inputs"]["x"] * 25.4 - state["x"]["mean"]) / state["x"]["std"]
    for record in records[500:]:
        record["features"]["cut"] = {1: 2, 2: 1}.get(record["features"]["cut"], record["features"]["cut"])
    folder = tmp_path_factory.mktemp("page")
    log = folder / "served.jsonl"
    log.write_text("".join(json.dumps(record) + "\n" for record in records))
    path = folder / "skew.html"
    path.write_text(skew_page(check(diamonds.predictor, diamonds.profile, Question(files=log_files([log]), windows=4))))
    return path


@pytest.mark.services
@pytest.mark.parametrize("phone", [False, True])
def test_the_page_says_first_what_is_wrong(open_page, spoilt, phone):
    """Verdict, first finding and since when stand on the first screen; then faults, their records, and the faulty features first."""
    page = open_page(spoilt, phone=phone)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    first_screen = page.viewport_size["height"]
    for text in ("The log proves an engineering fault", "multiplied by 25.4"):
        found = page.get_by_text(text).first
        assert found.bounding_box()["y"] < first_screen
    tables = page.locator("table")
    overview = tables.filter(has_text="since record").first.locator("tbody tr")
    assert {row.split("\t")[1] for row in overview.all_inner_texts()} >= {"x", "cut"}
    assert "1,000" in overview.filter(has_text="unit_change").inner_text()
    evidence = tables.filter(has_text="request_id").first
    assert "r1000" in evidence.inner_text()
    features = tables.filter(has_text="would be seen from").locator("tbody tr").all_inner_texts()
    assert {row.split("\t")[0] for row in features[:2]} == {"x", "cut"}


@pytest.mark.services
def test_charts_lay_training_and_log_on_the_same_bins(open_page, spoilt):
    """Each shown feature has bars of both in one chart, and a timeline in which the change begins."""
    page = open_page(spoilt)
    drawn = page.locator(".chart .legendtext").all_text_contents()
    assert {"training", "served", "distance", "change begins"} <= set(drawn)
