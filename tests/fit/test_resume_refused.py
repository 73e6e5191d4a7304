"""A run goes on with the recipe it began with, or not at all."""

from .conftest import KILLER
from .test_kill import die_at


def test_a_changed_recipe_is_refused_with_what_changed(workplace):
    """The refusal lists the value that differs, and only that one."""
    die_at(workplace, "metrics", 1)
    done = workplace.run("fit", "penguins.yaml", "optimizer.lr=3e-2", "--resume", "--plugin", KILLER)
    assert done.returncode == 2
    assert "error[YT816]" in done.stderr
    assert [line for line in done.stderr.splitlines() if line.startswith("  ")] == ["  needs --force: optimizer.lr: 0.01 → 0.03"]
