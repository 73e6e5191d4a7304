"""A language model from the recipe that ships, as a person trains and uses it."""

import json
import signal
from pathlib import Path

import polars as pl
import pytest

import ymltrain
from tests.workplace import ROOT, Workplace
from ymltrain.cli.main import run

from .conftest import KILLER

RECIPE = ROOT / "recipes" / "language_model.yaml"
SHORT = ("--profile", "tiny", "trainer.checkpoint.every_n_steps=20", "model.dropout=0.1")
ENGLISH = "The interpreter prints the value of the expression, and a new line follows it. "


@pytest.fixture(scope="session")
def model(tmp_path_factory):
    """One uninterrupted fit of the short variant: its workplace and its result."""
    place = Workplace(tmp_path_factory.mktemp("model"))
    return place, place.document("fit", RECIPE, *SHORT)


def test_it_learns_more_than_how_often_tokens_occur(model):
    """Bits per byte are reported for val and test, beside those of counts and of a compressor on the same texts."""
    _, result = model
    metrics = result["metrics"]
    assert {"val/bits_per_byte", "test/perplexity"} <= metrics.keys()
    assert metrics["test/bits_per_byte"] < metrics["test/bits_per_byte_of_unigram"] < 8
    assert metrics["test/bits_per_byte_of_xz"] < metrics["test/bits_per_byte_of_bigram"] < metrics["test/bits_per_byte_of_unigram"]


def test_speed_is_told_in_tokens(model):
    """Tokens a second are recorded beside rows a second: a row of this recipe is a window of 64."""
    _, result = model
    points = [json.loads(line) for file in (_run_dir(result) / "metrics").iterdir() for line in file.read_text().splitlines()]
    values = {name: [one["value"] for one in points if one["name"] == f"speed/{name}"] for name in ("tokens_per_s", "rows_per_s")}
    assert values["tokens_per_s"]
    for tokens, rows in zip(values["tokens_per_s"], values["rows_per_s"], strict=True):
        assert tokens == pytest.approx(64 * rows, rel=0.02)


def test_the_bundle_says_what_it_is(model):
    """The contract names the texts' column and keeps the tokenizer; the card is a language model's; golden texts are kept."""
    _, result = model
    bundle = _run_dir(result) / "bundle"
    contract = json.loads((bundle / "contract.json").read_text())
    assert contract["inputs"]["required"] == ["text"]
    assert contract["target"]["state"]["tokenizer"]["type"] == "bpe"
    assert (contract["output"]["task"], contract["output"]["width"]) == ("next_token", 512)
    assert "text-generation" in (bundle / "README.md").read_text()
    assert pl.read_parquet(bundle / "golden.parquet").height > 0
    assert not (bundle / "profile.json").exists()


def test_texts_are_scored_and_continued(model, tmp_path):
    """Documents and a column of a table give the same: English costs fewer bits than letters in disorder."""
    place, result = model
    texts = [ENGLISH * 3, "".join(sorted(ENGLISH * 3)), ""]
    for number, text in enumerate(texts[:2]):
        (tmp_path / f"{number}.txt").write_text(text)
    done = place.document("predict", "python-docs@1", f"{tmp_path}/*.txt", "-o", tmp_path / "scored.parquet")
    scored = pl.read_parquet(tmp_path / "scored.parquet")
    assert done["columns"] == scored.columns == ["prediction", "bits_per_byte", "tokens"]
    assert scored["bits_per_byte"][0] < scored["bits_per_byte"][1]
    predictor = ymltrain.load(str(_run_dir(result) / "bundle"))
    again = predictor.predict(pl.DataFrame({"id": [1, 2, 3], "text": texts}))
    assert again[:2]["prediction"].to_list() == scored["prediction"].to_list()
    assert again["bits_per_byte"][:2].to_list() == pytest.approx(scored["bits_per_byte"].to_list(), rel=1e-5)
    assert again["tokens"].to_list()[-1] == 0
    assert predictor.continue_text(texts[0], 16) == again["prediction"][0]
    assert predictor.continue_text(texts[0], 5) == again["prediction"][0][: len(predictor.continue_text(texts[0], 5))]


def test_a_text_is_scored_as_the_evaluation_scores_it(model):
    """The bits of the test documents, each scored by itself, come near those of the test split, where one follows the other."""
    _, result = model
    bundle = _run_dir(result) / "bundle"
    (document,) = (ROOT / "recipes" / "data" / "python-docs" / "tutorial").glob("stdlib2.txt")
    text = document.read_text()
    scored = ymltrain.load(str(bundle)).predict(pl.DataFrame({"text": [text]}))
    assert scored["bits_per_byte"][0] == pytest.approx(result["metrics"]["test/bits_per_byte"], rel=0.1)


@pytest.mark.parametrize(
    "arguments",
    [
        ("skew", "check", "--model", "{bundle}", "--log", "{log}"),
        ("predict", "{bundle}", "{log}", "-o", "{out}", "--serving-log", "{served}"),
    ],
)
def test_what_is_for_tables_says_so(model, tmp_path, capsys, arguments):
    """Skew and serving logs are of features, which a language model has none of."""
    _, result = model
    places = {"bundle": _run_dir(result) / "bundle", "log": tmp_path / "log.jsonl", "out": tmp_path / "out.csv"}
    places["log"].write_text('{"text": "a"}\n')
    assert run([one.format(**places, served=tmp_path / "served.jsonl") for one in arguments]) == 1
    assert "YT928" in capsys.readouterr().err
    assert not places["out"].exists()


@pytest.mark.slow
def test_a_killed_run_resumes_to_the_same_tensors(model, tmp_path):
    """Killed with -9 in the middle of the epoch, it goes on to the bits of the uninterrupted run, dropout included."""
    _, whole = model
    place = Workplace(tmp_path)
    marker = tmp_path / "killed"
    tracker = f"tracker=[{{type: killer, moment: metrics, count: 1, marker: {marker}}}]"
    killed = place.run("fit", RECIPE, *SHORT, tracker, "--plugin", KILLER)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert marker.exists()
    result = place.document("fit", RECIPE, *SHORT, tracker, "--plugin", KILLER, "--resume")
    assert result["resumed_from"] is not None
    assert result["tensor_digest"] == whole["tensor_digest"]
    assert result["metrics"] == whole["metrics"]


def _run_dir(result):
    return Path(result["run_dir"])
