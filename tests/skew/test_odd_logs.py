"""Logs as they are found in the world: a verdict or a diagnostic, never a traceback, never a silent pass."""

import gzip
import json
import math
import subprocess
import sys

import msgspec
import polars as pl
import pytest

from ymltrain.diagnostics import DataError
from ymltrain.skew.check import Question, check
from ymltrain.skew.log import log_files


def test_an_empty_log_is_an_error(diamonds, tmp_path):
    """A file without records says so."""
    path = tmp_path / "served.jsonl"
    path.write_text("")
    with pytest.raises(DataError, match="no records"):
        diamonds.check(path)


def test_a_log_of_something_else_is_an_error(diamonds, tmp_path):
    """None of the model's columns: the message names what is there."""
    path = tmp_path / "served.csv"
    path.write_text("colour,size\nred,3\n")
    with pytest.raises(DataError, match="none of the columns"):
        diamonds.check(path)


def test_one_record_is_enough(diamonds, write_log):
    """A verdict on one record; what it could have seen is said."""
    report = diamonds.check(write_log(diamonds.records(count=1)))
    assert (report["verdict"], report["rows"], report["features"]["x"]["minimum_detectable"]) == ("ok", 1, 1.0)


def test_a_truncated_parquet_file_is_an_error(diamonds, tmp_path):
    """Half a file is no log."""
    path = tmp_path / "served.parquet"
    pl.DataFrame(diamonds.records(), infer_schema_length=None).write_parquet(path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(DataError, match="cannot be read"):
        diamonds.check(path)


def test_an_unfinished_last_line_is_not_yet_a_record(diamonds, write_log):
    """A log that is being written ends anywhere."""
    path = write_log(diamonds.records(count=50))
    path.write_bytes(path.read_bytes()[:-100])
    report = diamonds.check(path)
    assert (report["verdict"], report["rows"]) == ("ok", 49)


def test_a_damaged_line_is_a_finding(diamonds, write_log):
    """What is no JSON object is counted, with its line."""
    path = write_log(diamonds.records(count=50))
    lines = path.read_text().splitlines()
    lines[7] = lines[7][:40]
    path.write_text("\n".join(lines) + "\n")
    report = diamonds.check(path)
    assert report["verdict"] == "fault"
    assert (report["findings"][0]["cause"], report["findings"][0]["evidence"][0]["value"]) == ("unreadable_record", "line 8")


def test_binary_rubbish_is_an_error(diamonds, tmp_path):
    """Bytes that are no text at all."""
    path = tmp_path / "served.jsonl"
    path.write_bytes(bytes(range(256)) * 40)
    with pytest.raises(DataError, match="none of the log's"):
        diamonds.check(path)


def test_mixed_types_and_nested_nulls(diamonds, write_log):
    """Numbers, texts, lists, booleans and nulls in one column, inputs and features that are null."""
    records = diamonds.records(count=60)
    for number, value in enumerate(("1.5", [1], True, None, {"a": None}, math.nan, "", -math.inf)):
        records[number]["inputs"]["depth"] = value
    records[20]["inputs"] = None
    records[21]["features"] = None
    records[22]["features"]["x"] = None
    report = diamonds.check(write_log(records))
    causes = {(found["feature"], found["cause"]) for found in report["findings"]}
    assert report["verdict"] == "fault"
    assert {("depth", "infinite_value"), ("x", "dropped_value"), ("carat", "missing_column")} <= causes
    assert any(feature == "depth" and cause in ("wrong_type", "number_as_text") for feature, cause in causes)


def test_repeated_and_disordered_records_are_noted(diamonds, write_log):
    """They are counted, and change no verdict."""
    records = diamonds.records(count=400)
    records = [*records[200:], *records[:200], records[0]]
    notes = " ".join(diamonds.check(write_log(records))["notes"])
    assert "repeat a request id" in notes
    assert "stand before an earlier one" in notes


def test_records_of_three_versions(diamonds, write_log):
    """Each other bundle is named with its share; ours is replayed."""
    records = diamonds.records(count=300)
    for number, record in enumerate(records):
        record["bundle"] = (record["bundle"], "sha256:one", "sha256:two")[number % 3]
    report = diamonds.check(write_log(records))
    (found,) = report["findings"]
    assert found["parameters"]["served"] == {"sha256:one": 100, "sha256:two": 100}
    assert report["replayed"] == 100


def test_rotated_and_compressed_files_are_one_log(diamonds, write_log, tmp_path):
    """A folder is read in the order of names, compressed files too."""
    folder = tmp_path / "logs"
    folder.mkdir()
    records = diamonds.records(count=90)
    for part in range(3):
        text = "".join(json.dumps(record) + "\n" for record in records[part * 30 : part * 30 + 30])
        if part:
            (folder / f"serving-{part}.jsonl").write_text(text)
        else:
            (folder / f"serving-{part}.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    assert len(log_files([folder])) == 3
    assert diamonds.check(folder)["rows"] == 90


def test_a_log_of_a_thousand_unknown_values(diamonds, write_log):
    """A column full of identifiers costs no more than a few examples."""
    records = diamonds.records()
    for number, record in enumerate(records):
        record["inputs"]["cut"] = f"id {number}"
        record["features"]["cut"] = 0
    found = next(f for f in diamonds.check(write_log(records))["findings"] if f["feature"] == "cut")
    assert (found["class"], found["cause"], found["kind"]) == ("distribution", "new_category", "drift")


def test_inputs_in_other_columns_than_the_contract_names(diamonds, tmp_path):
    """A Parquet table of inputs that lacks one column, beside others that nothing reads."""
    path = tmp_path / "inputs.parquet"
    diamonds.rows.sample(500, seed=1).drop("color").with_columns(pl.lit(1).alias("shop")).write_parquet(path)
    report = diamonds.check(path)
    assert [(f["feature"], f["cause"]) for f in report["findings"] if f["class"] == "schema"] == [("color", "missing_column")]
    assert any("shop" in note for note in report["notes"])


def test_not_a_number_is_missing_and_infinity_is_not(diamonds, write_log):
    """NaN counts as a missing value, as encoders take it; infinities break the contract, whose training had none."""
    records = diamonds.records(count=500)
    for record, value in zip(records, [math.nan] * 40 + [math.inf] * 3 + [-math.inf], strict=False):
        record["inputs"]["carat"] = value
        record["features"]["carat"] = 0.0
    report = diamonds.check(write_log(records))
    found = {finding["cause"]: finding for finding in report["findings"] if finding["feature"] == "carat"}
    assert found["infinite_value"]["affected_rows"] == 4
    assert found["infinite_value"]["kind"] == "engineering_fault"
    assert found["missing_values"]["affected_rows"] == 40
    assert report["verdict"] == "fault"


def test_infinities_are_new_unless_training_had_as_many(diamonds, write_log):
    """Training's infinities are told from its missing values: those excuse no infinity."""
    records = diamonds.records(count=1_000)
    for record in records[:8]:
        record["inputs"]["carat"] = math.inf
        record["features"]["carat"] = 0.0
    log = write_log(records)
    rows = diamonds.profile.rows
    counts = list(diamonds.profile.features["carat"].counts)
    counts[-1] += rows // 100
    holes = msgspec.structs.replace(diamonds.profile.features["carat"], counts=tuple(counts))

    def told(infinite):
        profile = msgspec.structs.replace(
            diamonds.profile, features={**diamonds.profile.features, "carat": holes}, infinite={"carat": infinite}
        )
        report = check(diamonds.predictor, profile, Question(files=[log])).report
        return [finding.message for finding in report.findings if finding.cause == "infinite_value"]

    assert told(0) == ["carat: 8 infinite values; training had none"]
    assert told(rows // 125) == []
    assert told(3) == [f"carat: 8 infinite values; training had 3 in {rows:,} rows"]


@pytest.mark.slow
def test_ten_million_rows_take_the_memory_of_a_few_batches(diamonds, tmp_path):
    """A log of ten million rows is checked in a process whose memory stays near that of a log of half a million."""
    peaks = []
    for copies in (10, 200):
        path = tmp_path / f"{copies}.parquet"
        pl.concat([diamonds.rows.head(50_000).lazy()] * copies).sink_parquet(path)
        code = (
            "import resource, sys; from ymltrain.cli.main import run; "
            f"code = run(['skew', 'check', '--model', {str(diamonds.folder)!r}, '--log', {str(path)!r}, '--json']); "
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code)"
        )
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert json.loads(done.stdout)["rows"] == copies * 50_000, done.stderr
        peaks.append(int(done.stderr.splitlines()[-1]))
    assert peaks[1] < 1.3 * peaks[0]
