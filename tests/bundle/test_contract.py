"""The contract and the card."""

import json
from pathlib import Path

import jsonschema

ROOT = Path(__file__).resolve().parents[2]


def test_contracts_are_of_the_published_schema(regression_bundle, classification_bundle):
    """Other programs may rely on schemas/bundle.schema.json."""
    schema = json.loads((ROOT / "schemas" / "bundle.schema.json").read_text())
    for bundle in (regression_bundle, classification_bundle):
        jsonschema.validate(json.loads((bundle / "contract.json").read_text()), schema)


def test_served_rows_can_be_checked_against_the_contract(classification_bundle):
    """Its `inputs` is a JSON Schema of one row."""
    inputs = json.loads((classification_bundle / "contract.json").read_text())["inputs"]
    validator = jsonschema.Draft202012Validator(inputs)
    assert validator.is_valid({"bill_length_mm": 39.1, "sex": None, "more": "is fine"})
    assert not validator.is_valid({"bill_length_mm": "39.1", "sex": "male"})
    assert not validator.is_valid({"sex": "male"})


def test_the_card_says_what_the_model_takes_and_how_good_it_is(regression_bundle):
    """A person finds inputs, metrics and digests."""
    card = (regression_bundle / "README.md").read_text()
    assert card.startswith("---\nlibrary_name: ymltrain\n")
    for words in ("Predicts `price`", "| `carat` | number | standard |", "| test/rmse |", "sha256:"):
        assert words in card


def test_equal_fits_make_equal_bundles(tmp_path, regression_bundle):
    """Every file but for none: same recipe, same data, same bytes."""
    from .conftest import DATA, fit_bundle

    features = "{carat: number, cut: category, clarity: category}"
    again = fit_bundle(tmp_path, DATA / "diamonds.csv", features, "{column: price, transform: log}")
    for name in ("weights.safetensors", "golden.parquet"):
        assert (again / name).read_bytes() == (regression_bundle / name).read_bytes()
    first, second = (json.loads((bundle / "contract.json").read_text()) for bundle in (regression_bundle, again))
    first["digests"].pop("plan"), second["digests"].pop("plan")  # the path of the data differs with the workspace
    assert first == second
