from __future__ import annotations

import re

import pytest

from ymltrain.diagnostics import UsageError
from ymltrain.record.log import RunLog
from ymltrain.record.redaction import Redactor


def test_lines_carry_their_time_and_no_secret(run):
    """Each message is one time-stamped line, longer ones are indented, and secrets are hidden."""
    log = RunLog(run, Redactor({"API_TOKEN": "s3cr3t-value"}))
    log.write("epoch 1")
    log.write("failed with s3cr3t-value\nat line 2")
    log.close()
    first, second, third = run.log_file.read_text().splitlines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 epoch 1", first)
    assert second.endswith(" failed with ***")
    assert third == "    at line 2"


def test_an_older_log_is_gone_on_with(run):
    """A resumed run adds to the log it finds."""
    for message in ("first", "second"):
        log = RunLog(run, Redactor({}))
        log.write(message)
        log.close()
    assert [line.split()[1] for line in run.log_file.read_text().splitlines()] == ["first", "second"]


def test_a_log_never_stops_a_run(run):
    """A full disk, a closed log and text that is no Unicode lose or escape a line, and raise nothing."""
    run.log_file.symlink_to("/dev/full")
    log = RunLog(run, Redactor({}))
    log.write("lost")
    log.close()
    log.write("lost")
    run.log_file.unlink()
    log = RunLog(run, Redactor({}))
    log.write("name \udcff")
    log.close()
    log.close()
    assert run.log_file.read_text().endswith(" name \\udcff\n")


def test_a_log_that_cannot_be_opened_is_an_error_at_the_start(run):
    """When a folder stands where the log should, the run does not begin."""
    run.log_file.mkdir()
    with pytest.raises(UsageError, match="cannot write in"):
        RunLog(run, Redactor({}))
