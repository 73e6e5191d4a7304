"""The page of runs, made from records on disk."""

from __future__ import annotations

import re

import pytest

from ymltrain.plan.events import MetricsLogged
from ymltrain.record.attempt import begin_attempt, end_attempt
from ymltrain.record.directory import RunDirectory
from ymltrain.record.final import Final, write_final
from ymltrain.record.index import full_summary
from ymltrain.record.labels import note_run, tag_run
from ymltrain.record.metrics import MetricsWriter
from ymltrain.record.ulid import short_ids
from ymltrain.report.html import render_page
from ymltrain.report.pages.runs import ReportedRun, runs_page

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def reported(tmp_path, small_plan):
    """Makes finished runs with twelve metrics each."""

    def make(count, name="toy"):
        runs = []
        for _ in range(count):
            run = RunDirectory.create(
                tmp_path, name, small_plan, recipe_text=f"name: {HOSTILE}\n", resolved_yaml="name: toy\n", provenance={}
            )
            attempt = begin_attempt(run, None)
            writer = MetricsWriter(run, 1, 0, pytest.fail)
            for step in (1, 2, 3):
                values = {f"val/metric{number}": step * number for number in range(12)} | {f"a{HOSTILE}": 1.0}
                writer.append(MetricsLogged(step=step, epoch=1, time=100.0 + step, values=values))
            writer.close()
            end_attempt(run, attempt, "done")
            write_final(run, Final(status="done", ended="2026-11-25T00:00:00+00:00", metrics={"val/metric1": 1.0}))
            runs.append(run)
        tag_run(runs[0], {HOSTILE: HOSTILE})
        note_run(runs[0], HOSTILE)
        return [ReportedRun(run, full_summary(run)) for run in runs]

    return make


def titles(html):
    """The headings of the page's sections."""
    return re.findall(r"<h2[^>]*>(.*?)</h2>", html)


def test_few_runs_have_a_section_each(reported):
    """Two runs: what differs, curves, and a section for each."""
    found = reported(2)
    html = render_page(runs_page(found))
    assert [f"Run {short}" in titles(html) for short in short_ids([run.run.run_id for run in found])] == [True, True]


def test_many_runs_share_a_section(reported):
    """The contents of a page of many runs stay short; every run's details are there, folded up."""
    found = reported(12)
    html = render_page(runs_page(found))
    assert "Each run" in titles(html)
    assert len(titles(html)) < 8
    assert all(html.count(run.run.run_id) >= 1 for run in found)


def test_curves_come_in_the_order_people_count(reported):
    """metric2 comes before metric10."""
    page = runs_page(reported(1))
    (section,) = [section for section in page.sections if section.title == "Curves"]
    names = [chart.title for chart in section.parts[0].charts if chart.title.startswith("val/")]
    assert names == [f"val/metric{number}" for number in range(12)]


def test_what_people_wrote_is_text(reported):
    """Tags, notes, metrics and recipes with markup in them stand as they are."""
    html = render_page(runs_page(reported(2)))
    assert HOSTILE not in html
    assert html.count("&lt;script&gt;alert(1)") >= 4
