"""Debian's Chromium, and what a page may never do in it."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

CHROMIUM = shutil.which("chromium")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on this machine")
PLANTED = """() => [
  ...[...document.querySelectorAll('*')].flatMap((one) => [...one.attributes])
    .filter((one) => one.name.startsWith('on')).map((one) => one.name),
  ...[...document.querySelectorAll('iframe, object, embed, base, link:not([rel=stylesheet]), animate, form[action]')]
    .map((one) => one.tagName),
  ...[...document.querySelectorAll('a[href]')].filter((one) => one.protocol === 'javascript:').map((one) => one.href),
  ...[...document.querySelectorAll('script:not([type="application/json"])')]
    .filter((one) => !one.src.endsWith('viewer.js')).map(() => 'SCRIPT'),
]"""


@dataclass
class Watched:
    """A page and what it did that nobody asked for."""

    page: "Page"
    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def errors(self) -> list[str]:
        """What the console was told, but for picture files that are not there."""
        return [line for line in self.said if not line.startswith("Failed to load resource")]

    def attacked(self) -> list[str]:
        """What an attack has done or planted."""
        hit = ["ran"] if self.page.evaluate("() => Boolean(window.__hit)") else []
        return hit + list(self.page.evaluate(PLANTED))


@contextmanager
def opened(*, width: int = 1280, dark: bool = False) -> Iterator[Watched]:
    """A page of a browser that notes errors of the console and every address that is asked for."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light")
            watched = Watched(page)
            page.on(
                "console", lambda told: watched.said.append(told.text) if told.type in ("error", "warning") else None
            )
            page.on("pageerror", lambda error: watched.said.append(str(error)))
            page.on("request", lambda request: watched.asked.append(request.url))
            page.on("dialog", lambda dialog: (watched.said.append(f"dialog {dialog.message}"), dialog.dismiss()))
            yield watched
        finally:
            browser.close()


def serious(page: "Page") -> list[str]:
    """Findings of axe-core that are serious or critical."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in ("serious", "critical")
    ]
