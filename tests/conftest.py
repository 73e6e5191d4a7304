"""What tests of several folders need."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from ymltrain.plan.plan import FeatureSpec, Plan, PlanNode, PluginSource, RecipeRecord, TargetSpec, seal
from ymltrain.plan.sections import Skew, Trainer
from ymltrain.plan.seeds import seed_tree
from ymltrain.plan.topology import Topology

pytest_plugins = ("tests.browser",)

settings.register_profile("ymltrain", deadline=None)  # nothing here is timed
settings.load_profile("ymltrain")
os.environ.setdefault("OMP_NUM_THREADS", "1")  # small models train no faster with more, and much slower where cores are shared


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-goldens` accepts what is printed now as what should be printed."""
    parser.addoption("--update-goldens", action="store_true", help="Write expected texts anew, to be read as a difference.")


@pytest.fixture(scope="session")
def small_plan() -> Plan:
    """A sealed plan of one number feature and a number target, for tests that need some plan and run none."""
    recipe = {"recipe": 1, "name": "toy", "datasource": {"type": "csv", "path": "toy.csv"}, "target": {"column": "y"}, "seed": 7}
    source = PluginSource(distribution="ymltrain", version="0.1.0", entry="ymltrain.builtin.datasource.csv:CsvSource")
    return seal(
        Plan(
            ymltrain="0.1.0",
            name="toy",
            description="",
            seed=7,
            seeds=seed_tree(7),
            nodes=(PlanNode(id="datasource", kind="datasource", type="csv", params={"path": "toy.csv"}, plugin=source),),
            edges=(),
            keys=(),
            features=(FeatureSpec(column="x", type="number", encoder="encoder.x"),),
            target=TargetSpec(columns=("y",), type="number", transform="none", task="regression"),
            trainer=Trainer(),
            topology=Topology(accelerator="cpu", nodes=1, devices=1, precision="32-true", batch_size=256),
            watch=None,
            skew=Skew(),
            register=None,
            stages=(),
            recipe=RecipeRecord(composed=recipe, resolved=recipe),
        )
    )
