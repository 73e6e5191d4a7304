"""Write the generated part of docs/reference from the code, and check all of the documentation.

python docs/build.py                    write docs/reference/
python docs/build.py --check            exit 1 when a page is not current, a link is dead, a code is not explained, or a
                                        tested example no longer runs
python docs/build.py --check --slow     run the examples that train, too
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from docsbuild.cli_page import cli_page
from docsbuild.codes import find_codes
from docsbuild.diagnostics_page import Explanations, diagnostics_page, problems, read_explanations, show_examples
from docsbuild.examples import failed_examples
from docsbuild.links import dead_links
from docsbuild.plugin_pages import plugin_pages
from docsbuild.recipe_page import recipe_page
from docsbuild.rules_page import rules_page
from docsbuild.stale import stale_pages
from docsbuild.struct_pages import bundle_page, plan_page

from ymltrain.catalog.catalog import Catalog

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
GENERATED = "<!-- written by docs/build.py from the code: run `make docs` -->\n\n"
DISTRIBUTION = "ymltrain"


def generated_pages(explanations: Explanations, examples: Mapping[str, str]) -> dict[Path, str]:
    """Path → content of every generated page."""
    catalog = Catalog.installed().only(DISTRIBUTION)
    pages = {
        "recipe.md": recipe_page(catalog),
        "rules.md": rules_page(),
        "cli.md": cli_page(),
        "diagnostics.md": diagnostics_page(explanations, examples),
        "plan.md": plan_page(),
        "bundle.md": bundle_page(),
        **plugin_pages(catalog),
    }
    return {REFERENCE / name: GENERATED + content for name, content in pages.items()}


def written_pages() -> list[Path]:
    """Every page of the repository, generated or not."""
    return [*sorted(ROOT.glob("*.md")), *sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("recipes/**/*.md"))]


def check(pages: dict[Path, str], *, with_slow: bool) -> Iterator[str]:
    """What is wrong with the pages as they are."""
    yield from stale_pages(pages, REFERENCE, ROOT)
    yield from (f"dead link in {link}" for link in dead_links(written_pages(), ROOT))
    for page in written_pages():
        for failure in failed_examples(page, ROOT / "recipes", with_slow=with_slow):
            yield f"an example of {page.relative_to(ROOT)} does not hold:\n{failure}"


def main(arguments: list[str]) -> int:
    """Write, or check."""
    explanations = read_explanations(DOCS / "diagnostics.toml")
    examples = show_examples(explanations)
    found = list(problems(explanations, examples, find_codes(ROOT, ["ymltrain", "plugins"])))
    pages = generated_pages(explanations, examples) if not found else {}
    if "--check" in arguments:
        found += check(pages, with_slow="--slow" in arguments) if pages else ()
    for path, content in pages.items() if "--check" not in arguments else ():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    for problem in found:
        print(problem, file=sys.stderr)
    if not found:
        print(f"{len(pages)} pages " + ("are current" if "--check" in arguments else "written"))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
