"""Pages in a real browser: the fixture `open_page` for every test of an HTML file.

    @pytest.mark.services
    def test_the_page_shows_a_name(open_page, tmp_path):
        write_page(tmp_path / "page.html", Page(...))
        page = open_page(tmp_path / "page.html")       # a playwright Page, its charts drawn
        assert page.get_by_text("diamonds").is_visible()

Whatever a test looks at, it fails when the page logs an error or a warning, raises one, or asks for anything but
itself. Chromium is installed by `make browser`.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 900}
# Root has no sandbox; without a graphics card WebGL is drawn in software, which has to be asked for.
ARGUMENTS = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist"]
SOFTWARE_WEBGL = "GPU stall due to ReadPixels"  # said of drawing in software, by the browser itself


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium for the session."""
    from playwright.sync_api import sync_playwright

    assert CHROMIUM is not None, "these tests need Chromium: make browser"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(chromium):
    """Opens a file in the browser; what went wrong in it is asserted at the end of the test."""
    opened: list[Any] = []
    problems: list[str] = []

    def open_file(path: Path, *, dark: bool = False, phone: bool = False) -> Any:
        context = chromium.new_context(
            viewport=PHONE if phone else DESK, color_scheme="dark" if dark else "light", device_scale_factor=1
        )
        page = context.new_page()
        opened.append(context)
        url = path.resolve().as_uri()
        page.on("pageerror", lambda error: problems.append(f"raised: {error}"))
        page.on("console", lambda message: _note(problems, message))
        page.on("request", lambda request: _note_request(problems, request.url, url))
        page.goto(url)
        show_everything(page)
        return page

    yield open_file
    for context in opened:
        context.close()
    assert problems == []


def show_everything(page: Any) -> None:
    """Scroll through the page until each of its charts was drawn, then back to the top."""
    for chart in page.locator("[data-chart]").all():
        if chart.evaluate("box => box.closest('details:not([open])') === null"):
            chart.scroll_into_view_if_needed()
            chart.locator("xpath=self::*[@data-drawn='yes']").wait_for(timeout=30_000)
    page.evaluate("scrollTo(0, 0)")


def _note(problems: list[str], message: Any) -> None:
    if message.type in ("error", "warning") and SOFTWARE_WEBGL not in message.text:
        problems.append(f"logged: {message.text}")


def _note_request(problems: list[str], asked: str, page: str) -> None:
    if asked.partition("#")[0] != page and not asked.startswith(("data:", "blob:")):
        problems.append(f"asked for: {asked[:200]}")
