"""A language model from the recipe that ships, as a person trains and uses it."""

import json
import signal
from pathlib import Path

import numpy as np
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
    assert metrics["test/bits_per_byte"] > metrics["test/bits_per_byte_of_bigram"]  # so short a training loses, and says so
    assert "which the baseline `bigram` scores" in (_run_dir(result) / "output.txt").read_text()
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


@pytest.mark.slow
def test_a_recipe_may_ask_for_an_export(tmp_path):
    """The bundle has it when its golden texts have come through."""
    result = Workplace(tmp_path).document("fit", RECIPE, *SHORT, "trainer.max_steps=2", "bundle.exports=[torch]")
    exports = _run_dir(result) / "bundle" / "exports" / "torch"
    assert json.loads((exports / "preprocessing.json").read_text())["gate"]["rows"] > 0


def test_other_texts_are_evaluated(model, capsys):
    """Texts that no training has seen: the model beside counts of the train texts and xz, and each document by itself."""
    _, result = model
    bundle, faq = str(_run_dir(result) / "bundle"), ROOT / "recipes" / "data" / "python-docs" / "faq"

    def evaluate(data, *more):
        assert run(["evaluate", bundle, str(data), "--json", *more]) == 0
        return json.loads(capsys.readouterr().out)

    found = evaluate(f"{faq}/[gi]*.txt", "--slice", "document")
    assert (found["rows"], found["task"]) == (3, "next_token")
    assert found["tokens"] == sum(one["tokens"] for one in found["slices"])
    bits = {name: figures["bits_per_byte"] for name, figures in found["baselines"].items()}
    assert found["metrics"]["bits_per_byte"]["value"] < bits["unigram"] < 8
    assert bits["bigram"] < bits["unigram"]
    assert 1 < bits["xz"] < 8
    alone = evaluate(faq / "gui.txt")
    scored = ymltrain.load(bundle).predict(pl.DataFrame({"text": [(faq / "gui.txt").read_text()]}))
    assert alone["metrics"]["bits_per_byte"]["value"] == pytest.approx(scored["bits_per_byte"][0], rel=1e-5)


def test_no_interval_of_texts_is_told(model, capsys):
    """Tokens of a text hang together: a bootstrap of them is refused by name."""
    _, result = model
    faq = ROOT / "recipes" / "data" / "python-docs" / "faq"
    assert run(["evaluate", str(_run_dir(result) / "bundle"), str(faq / "gui.txt"), "--resamples", "10"]) == 2
    assert "YT873" in capsys.readouterr().err


@pytest.mark.parametrize("export_format", [pytest.param("torch", marks=pytest.mark.slow), "safetensors"])
def test_an_export_is_held_against_the_golden_texts(model, tmp_path, export_format):
    """It is checked as it is made and again later; one of other weights is refused."""
    _, result = model
    bundle, folder = str(_run_dir(result) / "bundle"), tmp_path / "export"
    assert run(["export", bundle, "--format", export_format, "-o", str(folder), "--json"]) == 0
    document = json.loads((folder / "preprocessing.json").read_text())
    assert document["gate"]["rows"] > 0
    assert document["inputs"][0]["shape"] == ["batch", "tokens"]
    assert run(["export", bundle, "--check", str(folder), "--trust-program"]) == 0


@pytest.mark.slow
def test_another_program_continues_a_text_from_the_export_alone(model, tmp_path):
    """Onnxruntime and the tokenizer that stands beside the model choose the very tokens that `predict` chooses."""
    import onnxruntime
    import tokenizers

    _, result = model
    bundle, folder = _run_dir(result) / "bundle", tmp_path / "onnx"
    assert run(["export", str(bundle), "--format", "onnx", "-o", str(folder), "--json"]) == 0
    document = json.loads((folder / "preprocessing.json").read_text())
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    tokenizer = tokenizers.Tokenizer.from_str(document["target"]["tokenizer"]["document"])
    ids = [0, *(number + 1 for number in tokenizer.encode(ENGLISH).ids)]
    start = len(ids)
    for _ in range(8):
        (following,) = session.run(["following"], {"tokens": np.array([ids[-document["target"]["spec"]["context"] :]], np.int32)})
        ids.append(int(following[0, -1]))
    continued = tokenizer.decode([number - 1 for number in ids[start:]])
    assert continued == ymltrain.load(str(bundle)).continue_text(ENGLISH, 8)
    example = document["examples"][0]
    (following,) = session.run(["following"], {"tokens": np.array([example["inputs"]["tokens"]], np.int32)})
    assert following[0].tolist() == example["outputs"]["following"]


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
