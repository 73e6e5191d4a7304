"""What is written as YAML reads back as itself, whatever it is."""

from hypothesis import example, given
from hypothesis import strategies as st

from ymltrain.diagnostics import Diagnostics, Source
from ymltrain.drafting.yaml_text import comment, write_key, write_value
from ymltrain.recipe.document import plain
from ymltrain.recipe.interpolate import interpolate
from ymltrain.recipe.syntax import parse_syntax

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
VALUES = st.recursive(
    TEXT | st.booleans() | st.none() | st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(TEXT, below, max_size=3),
    max_leaves=6,
)


def read(text):
    """A recipe's text as the compiler has it once references are resolved."""
    found = Diagnostics()
    root = parse_syntax(Source("test", text), found)
    assert root is not None, list(found)
    return plain(interpolate(root, {}, found))


@given(key=TEXT, value=VALUES, remark=TEXT)
@example(key="<<", value="${a}", remark="a\nb")
@example(key="^a$", value="\\${env:HOME}", remark="\x85")
@example(key="k" * 3_000, value="\ufeff", remark="#")
@example(key="no", value=["007", "1e3", "~", "- a", "*x", "a: b"], remark="")
def test_keys_and_values_read_back(key, value, remark):
    """Keys, texts that look like references, numbers or YAML, and lists and mappings of them."""
    written = write_key(key)
    separator = "  :" if written.startswith("? ") else ":"
    text = f"features:\n  {written}{separator} number  # {comment(remark)}\nvalue: {write_value(value)}\n"
    assert read(text) == {"features": {key: "number"}, "value": value}
