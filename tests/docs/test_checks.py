"""The checks of the documentation find what they are for."""

import re

import pytest
from docsbuild.codes import CodeUse, find_codes
from docsbuild.diagnostics_page import problems
from docsbuild.examples import failed_examples
from docsbuild.links import dead_links
from docsbuild.stale import stale_pages

PAGE = """\
# A page

<!-- file: note.txt -->
```text
one
two
```

<!-- tested{mark} -->
```console
$ cat note.txt
{expected}
```
"""


@pytest.fixture
def failures(tmp_path):
    """What is wrong with a page whose example should print something."""
    (tmp_path / "recipes").mkdir()

    def of(expected, mark="", *, with_slow=True):
        page = tmp_path / "page.md"
        page.write_text(PAGE.format(expected=expected, mark=mark))
        return list(failed_examples(page, tmp_path / "recipes", with_slow=with_slow))

    return of


@pytest.mark.parametrize("expected", ["one\ntwo", "…", "one\n…", "o…\ntwo", "…\none\ntwo\n…"])
def test_an_example_that_prints_what_it_says_holds(failures, expected):
    """`…` stands for anything in a line and, alone, for any lines."""
    assert failures(expected) == []


@pytest.mark.parametrize("expected", ["one", "two\none", "one\ntwo\nthree", "…\none", "one\nt"])
def test_an_example_that_prints_something_else_fails(failures, expected):
    """Missing, surplus, reordered and partial lines are all found."""
    assert len(failures(expected)) == 1


def test_the_exit_code_counts(failures):
    """An example ends with 0, or with what its mark says."""
    assert "exits 0, not 3" in failures("one\ntwo", ", exits 3")[0]


def test_a_slow_example_waits_for_a_slow_run(failures):
    """A quick run leaves out what trains."""
    assert failures("three", " slow", with_slow=False) == []
    assert len(failures("three", " slow")) == 1


def test_dead_links_are_found(tmp_path):
    """To a missing file, to a missing heading; those within blocks of code are none."""
    (tmp_path / "other.md").write_text("# Two words\n")
    page = tmp_path / "page.md"
    page.write_text(
        "[a](other.md) [b](other.md#two-words) [c](https://example.org)\n```text\n[d](x.md)\n```\n[e](no.md) [f](other.md#one)\n"
    )
    assert list(dead_links([page], tmp_path)) == ["page.md: no.md is not there", "page.md: other.md has no heading #one"]


def test_codes_are_found_wherever_they_stand(tmp_path):
    """Plain, as a stem with an ending, not in docstrings; with the texts beside them."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text(
        '"""YT100 is only spoken of."""\nraise_it("YT101", f"no file {name} here")\ncheck("YT20")\ndef make(codes): return codes + "3"\n'
    )
    found = find_codes(tmp_path, ["code"])
    assert list(found) == ["YT101", "YT203"]
    assert any(text.search("no file x here") for text in found["YT101"].texts)


def test_codes_and_explanations_must_meet():
    """A code without an explanation, an explanation without a code, an example of another code or with an invented message."""
    use = CodeUse(["a.py"], [re.compile("no file .* here")])
    used = {"YT101": use, "YT102": use, "YT103": use, "YT104": use}
    explanations = {
        "YT102": {"shows": "no file x here"},
        "YT103": {"shows": "something else"},
        "YT104": {"command": ["check"]},
        "YT105": {"shows": "no file x here"},
    }
    examples = {"YT102": "error[YT102]", "YT103": "error[YT103]", "YT104": "error[YT999]", "YT105": "error[YT105]"}
    assert list(problems(explanations, examples, used)) == [
        "YT101 of a.py has no explanation",
        "the example of YT103 is no message of a.py",
        "the example of YT104 does not show it: error[YT999]",
        "YT105 is explained, and nothing uses it",
    ]


def test_stale_pages_are_found(tmp_path):
    """One that changed, one that is missing, one that nothing writes any more."""
    for name, content in {"same.md": "new", "changed.md": "old", "left.md": "old"}.items():
        (tmp_path / name).write_text(content)
    pages = {tmp_path / name: "new" for name in ("same.md", "changed.md", "missing.md")}
    assert list(stale_pages(pages, tmp_path, tmp_path)) == [
        "changed.md is not current: run `make docs`",
        "left.md is written by nothing: remove it",
        "missing.md is not current: run `make docs`",
    ]
