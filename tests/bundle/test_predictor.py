"""Prediction: what serves is what trained."""

import shutil

import numpy as np
import polars as pl
import pytest

from ymltrain.diagnostics import BundleError, DataError, PluginError

from .conftest import DATA


def diamonds(rows=200):
    """The first rows of the diamonds, as a user has them."""
    return pl.read_csv(DATA / "diamonds.csv").head(rows)


def test_predictions_are_in_the_units_of_the_target(regression_bundle, load):
    """A model trained on standardised logarithms predicts dollars."""
    predicted = load(regression_bundle).predict(diamonds(5000))["prediction"]
    assert predicted.dtype == pl.Float64
    assert 300 < predicted.median() < 6000
    assert np.corrcoef(np.log(predicted), np.log(diamonds(5000)["price"]))[0, 1] > 0.8


def test_probabilities_sum_to_one_and_the_label_is_the_most_probable(classification_bundle, load):
    """A classifier says how sure it is of each class."""
    predicted = load(classification_bundle).predict(pl.read_csv(DATA / "penguins.csv", null_values="NA"))
    probabilities = predicted.drop("prediction")
    assert probabilities.columns == ["probability_Adelie", "probability_Chinstrap", "probability_Gentoo"]
    assert np.allclose(probabilities.sum_horizontal(), 1)
    best = probabilities.to_numpy().argmax(axis=1)
    assert [probabilities.columns[i] for i in best] == [f"probability_{label}" for label in predicted["prediction"]]


@pytest.mark.parametrize("rows", [0, 1, 2, 199])
def test_a_prediction_does_not_depend_on_the_rows_beside_it(regression_bundle, load, rows):
    """One at a time, a few or many: equal to float tolerance."""
    predictor = load(regression_bundle)
    whole = predictor.predict(diamonds())["prediction"]
    part = predictor.predict(diamonds(rows))["prediction"]
    assert len(part) == rows
    assert np.allclose(part, whole[:rows], rtol=1e-5)


def test_order_and_further_columns_of_a_table_do_not_matter(regression_bundle, load):
    """Columns go by name."""
    predictor = load(regression_bundle)
    shuffled = diamonds().select("clarity", "x", "cut", "price", "carat")
    assert predictor.predict(shuffled).equals(predictor.predict(diamonds()))


def test_missing_and_unseen_values_are_predicted_by_the_written_rules(regression_bundle, load):
    """A null number is the train mean, an unseen category is its own id; neither is an error."""
    rows = pl.DataFrame({"carat": [None, float("inf"), 1.0], "cut": ["Ideal", None, "Heart"], "clarity": ["SI1", "SI1", "??"]})
    predicted = load(regression_bundle).predict(rows)["prediction"]
    assert predicted.is_finite().all()


def test_typed_categories_predict_like_their_text(regression_bundle, load):
    """A categorical column is the same as strings."""
    predictor = load(regression_bundle)
    typed = diamonds().with_columns(pl.col("cut", "clarity").cast(pl.Categorical))
    assert predictor.predict(typed).equals(predictor.predict(diamonds()))


def test_a_lacking_column_is_named(regression_bundle, load):
    """The message says which column, and what it may be called."""
    with pytest.raises(BundleError, match="carat") as caught:
        load(regression_bundle).predict(diamonds().rename({"carat": "carats"}))
    assert "carats" in caught.value.hint


def test_text_in_a_number_column_is_refused(regression_bundle, load):
    """What cannot be read as a number is no number."""
    with pytest.raises(DataError, match="carat"):
        load(regression_bundle).predict(diamonds().with_columns(carat=pl.lit("heavy")))


def test_a_bundle_without_its_weights_is_none(regression_bundle, load, tmp_path):
    """A half-copied bundle is refused by name."""
    folder = shutil.copytree(regression_bundle, tmp_path / "bundle")
    (folder / "weights.safetensors").unlink()
    with pytest.raises(BundleError, match=r"weights\.safetensors"):
        load(folder)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"contract": 99}', b'{"contract": 1}'])
def test_a_damaged_contract_is_refused(regression_bundle, load, tmp_path, content):
    """Whatever stands in contract.json, the answer is one clear error."""
    folder = shutil.copytree(regression_bundle, tmp_path / "bundle")
    (folder / "contract.json").write_bytes(content)
    with pytest.raises(BundleError, match=r"contract\.json"):
        load(folder)


def test_the_network_comes_from_an_installed_plugin_of_that_version(regression_bundle, load, tmp_path, edit_contract):
    """A contract cannot name code: only an installed plugin, of the version that trained."""
    folder = shutil.copytree(regression_bundle, tmp_path / "bundle")
    edit_contract(folder, lambda contract: contract["model"].update(type="os.system"))
    with pytest.raises(PluginError, match=r"os\.system"):
        load(folder)
    edit_contract(folder, lambda contract: contract["model"].update(type="linear"))
    with pytest.raises(PluginError, match="linear"):
        load(folder)
