"""The serving log's writer: sampling, rotation, a full queue, records that anything can read."""

import json

from ymltrain.serving.log import ServingLog


def lines_of(folder):
    """All records of a log, in the order of its files."""
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]


def test_what_is_written_is_there_when_the_log_is_closed(tmp_path):
    """Plain records, and functions that make several."""
    with ServingLog(tmp_path) as log:
        log.write({"request_id": "a", "inputs": {"x": 1}})
        log.write(lambda: [{"request_id": "b", "inputs": {}}, {"request_id": "c", "inputs": {}}])
    assert [record["request_id"] for record in lines_of(tmp_path)] == ["a", "b", "c"]


def test_a_full_file_is_followed_by_another_and_the_oldest_go(tmp_path):
    """Rotation by size keeps the newest files."""
    log = ServingLog(tmp_path, rotate_bytes=200, keep_files=3)
    for number in range(60):
        log.write({"request_id": f"r{number}", "inputs": {"text": "x" * 300}})
        while log.records <= number:
            pass
    log.close()
    files = sorted(tmp_path.glob("*.jsonl"))
    assert len(files) == 3
    assert lines_of(tmp_path)[-1]["request_id"] == "r59"


def test_the_sample_depends_on_the_request_alone(tmp_path):
    """Two processes keep the same requests, about as many as asked for."""
    one, other = ServingLog(tmp_path / "one", sample=0.2), ServingLog(tmp_path / "other", sample=0.2)
    ids = [f"request {number}" for number in range(2_000)]
    kept = [name for name in ids if one.is_sampled(name)]
    assert kept == [name for name in ids if other.is_sampled(name)]
    assert 300 < len(kept) < 500
    one.close()
    other.close()


def test_a_record_that_cannot_be_written_is_counted(tmp_path):
    """What is no JSON is dropped, and those after it are written."""
    log = ServingLog(tmp_path)
    log.write({"inputs": object()})
    while not log.dropped:
        pass
    log.write({"inputs": {}})
    log.close()
    assert (log.dropped, log.records) == (1, 1)
