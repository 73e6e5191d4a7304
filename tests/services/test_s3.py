"""Tables on a real S3 server, through the s3 extra: every source of files, a whole fit, and what is said of mistakes."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
import s3fs

from ymltrain.api import DataError
from ymltrain.builtin.datasource.csv import CsvParams, CsvSource
from ymltrain.builtin.datasource.jsonl import JsonlParams, JsonlSource
from ymltrain.builtin.datasource.parquet import ParquetParams, ParquetSource
from ymltrain.testing.datasource import DatasourceKit

from .s3 import running_server

pytestmark = pytest.mark.services

ROOT = Path(__file__).resolve().parents[2]
SECRET = "test-secret-key-0815"


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    """The options that reach a running server, and its file system with an empty bucket."""
    with running_server(tmp_path_factory.mktemp("s3") / "log") as url:
        options = {"key": "testing", "secret": SECRET, "endpoint_url": url}
        s3fs.S3FileSystem(**options).mkdir("rows")
        yield options


class OnS3(DatasourceKit):
    """Three files of a folder in the bucket."""

    @pytest.fixture(autouse=True)
    def _at(self, storage):
        self.storage = storage
        self.files = s3fs.S3FileSystem(**storage)

    def put(self, folder, table, suffix, write):
        """Write the table in three parts; gives the URL of the folder."""
        root = f"rows{folder}"
        cut = table.height // 3
        for number, part in enumerate((table.slice(0, cut), table.slice(cut, cut), table.slice(2 * cut))):
            self.files.pipe_file(f"{root}/{number}{suffix}", write(part))
        return f"s3://{root}"


class TestCsv(OnS3):
    """Compressed CSV files."""

    def make(self, folder, table):
        path = self.put(folder, table, ".csv.gz", lambda part: gzip.compress(part.write_csv().encode()))
        return CsvSource(CsvParams(path=path, storage=self.storage))


class TestParquet(OnS3):
    """Parquet files that fit a pattern."""

    def make(self, folder, table):
        def write(part):
            part.write_parquet(folder / "part.parquet")
            return (folder / "part.parquet").read_bytes()

        return ParquetSource(ParquetParams(path=f"{self.put(folder, table, '.parquet', write)}/*.parquet", storage=self.storage))


class TestJsonl(OnS3):
    """JSON lines."""

    names_columns_without_rows = False

    def make(self, folder, table):
        path = self.put(folder, table, ".jsonl", lambda part: part.write_ndjson().encode() or b"\n")
        return JsonlSource(JsonlParams(path=path, storage=self.storage))


@pytest.mark.parametrize(
    ("path", "options", "problem"),
    [
        ("s3://rows/none.csv", {}, "there is no s3://rows/none.csv"),
        ("s3://rows/*.nothing", {}, "no file fits it"),
        ("s3://no-such-bucket/a.csv", {}, "no-such-bucket"),
        ("s3://rows/a.csv", {"endpoint_url": "http://127.0.0.1:9"}, "s3://rows/a.csv"),
    ],
)
def test_mistakes_are_named_without_credentials(storage, path, options, problem):
    """A missing object, bucket or server is said in words, and the secret key is in none of them."""
    with pytest.raises(DataError) as caught:
        CsvSource(CsvParams(path=path, storage={**storage, **options})).sample(3)
    assert caught.value.code == "YT700"
    assert problem in caught.value.message
    assert SECRET not in caught.value.message + caught.value.hint


def test_a_whole_fit_and_predict(storage, tmp_path):
    """A recipe trains on files in a bucket with a secret from the environment, which nothing written holds; predict reads there too."""
    files = s3fs.S3FileSystem(**storage)
    table = pl.read_csv(ROOT / "recipes" / "data" / "penguins.csv", infer_schema=False)
    for number in range(2):
        files.pipe_file(f"rows/penguins/{number}.csv.gz", gzip.compress(table.slice(number * 172, 172).write_csv().encode()))
    (tmp_path / "penguins.yaml").write_text(
        "recipe: 1\nname: penguins\ndatasource:\n  path: s3://rows/penguins/*.csv.gz\n"
        f"  storage: {{key: '${{secret:THE_KEY}}', secret: '${{secret:THE_SECRET}}', endpoint_url: '{storage['endpoint_url']}'}}\n"
        "features: {bill_length_mm: number, island: category}\ntarget: species\nmodel: linear\ntrainer: {max_epochs: 1}\n"
    )
    environment = {**os.environ, "THE_KEY": "testing", "THE_SECRET": SECRET, "AWS_DEFAULT_REGION": "us-east-1"}

    def run(*arguments):
        command = [sys.executable, "-m", "ymltrain", *arguments, "--json"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300, env=environment)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    fitted = run("fit", "penguins.yaml")
    assert fitted["status"] == "done"
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert run("predict", fitted["run_id"], "s3://rows/penguins/1.csv.gz", "-o", "out.csv")["rows"] == 172
