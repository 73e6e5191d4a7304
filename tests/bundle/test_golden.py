"""Golden rows: a bundle proves that it serves what was trained."""

import shutil

import polars as pl
import pytest

from ymltrain.bundle.golden import replay_golden
from ymltrain.diagnostics import BundleError
from ymltrain.storage.digests import file_digest


def test_golden_rows_hold_raw_values_encoded_features_and_predictions(regression_bundle):
    """What went in, what the network saw, what came out."""
    golden = pl.read_parquet(regression_bundle / "golden.parquet")
    assert golden.filter(pl.col("kind") == "normal").height == 50
    assert golden["kind"].unique().sort().to_list() == ["boundary", "extreme", "normal", "null", "unseen"]
    assert golden["inputs"].struct.fields == ["carat", "cut", "clarity"]
    assert golden["features"].struct.fields == ["carat", "cut", "clarity"]
    assert golden["prediction"].struct.fields == ["prediction"]


@pytest.mark.parametrize("kind", ["regression_bundle", "classification_bundle"])
def test_a_bundle_replays_its_golden_rows(kind, load, request):
    """Loaded afresh, it makes of them what training made."""
    folder = request.getfixturevalue(kind)
    assert replay_golden(folder, load(folder)) == pl.read_parquet(folder / "golden.parquet").height


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda c: c["features"][0]["state"].update(mean=0.0), "features carat"),
        (
            lambda c: c["target"]["state"].update(mean=c["target"]["state"]["mean"] + 0.1),
            "prediction prediction",
        ),
    ],
    ids=["an encoder's statistics", "the target's scale"],
)
def test_a_bundle_that_serves_otherwise_is_found(regression_bundle, load, tmp_path, edit_contract, change, match):
    """The first golden row that differs is named."""
    folder = shutil.copytree(regression_bundle, tmp_path / "bundle")
    edit_contract(folder, change)
    with pytest.raises(BundleError, match=match):
        replay_golden(folder, load(folder))


def test_changed_golden_rows_are_refused(regression_bundle, load, tmp_path):
    """Nobody replays rows that were swapped."""
    folder = shutil.copytree(regression_bundle, tmp_path / "bundle")
    pl.read_parquet(folder / "golden.parquet").reverse().write_parquet(folder / "golden.parquet")
    with pytest.raises(BundleError, match="was changed"):
        replay_golden(folder, load(folder))


def test_the_contract_names_what_it_was_made_of(regression_bundle, load):
    """Digests of weights and golden rows are those of the files."""
    digests = load(regression_bundle).contract.digests
    assert digests.weights == file_digest(regression_bundle / "weights.safetensors")
    assert digests.golden == file_digest(regression_bundle / "golden.parquet")
    assert digests.data.startswith("sha256:")
