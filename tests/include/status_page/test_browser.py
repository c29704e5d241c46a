"""The page in a real browser: it fits a phone, has a dark side, makes no error, and Airflow's frame around it opens its links."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.process

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PATHS = (
    "",
    "use-cases/violated",
    "use-cases/missing_file",
    "use-cases/nothing_yet",
    "use-cases/violated/explain",
    "use-cases/violated/compare",
    "sources/refused_bookings",
    "run-book",
)
# As Airflow's UI shows an external view.
FRAME = """<!doctype html><html class="dark"><body><iframe src="{path}" width="900" height="700"
sandbox="allow-scripts allow-same-origin allow-forms allow-downloads"></iframe></body></html>"""


@pytest.fixture
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("no browser: install Debian's package chromium, or any that is called chromium or google-chrome")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield made
        made.close()


@contextmanager
def opened(browser: Browser, address: str, **how: Any) -> Iterator[tuple[Page, list[str]]]:
    """A page of a viewer's, and the errors that it makes."""
    from tests import status_server

    context = browser.new_context(**how)
    context.add_cookies([{"name": status_server.COOKIE, "value": status_server.token(), "url": address}])
    page, errors = context.new_page(), list[str]()
    page.on("console", lambda message: errors.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page, errors
    context.close()


def luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


COLOURS = """selector => [...document.querySelectorAll(selector)].map(found => {
  let under = found;
  while (under && getComputedStyle(under).backgroundColor === "rgba(0, 0, 0, 0)") under = under.parentElement;
  return [getComputedStyle(found).color, getComputedStyle(under || document.body).backgroundColor, found.textContent.trim()];
})"""


def test_the_page_in_a_browser(browser: Browser, at_place: Path) -> None:
    from fastapi.responses import HTMLResponse

    from tests import status_server

    application = status_server.mounted()
    application.get("/plugin/nightjar")(lambda: HTMLResponse(FRAME.format(path="../nightjar/use-cases/violated")))

    @application.get("/dags/{rest:path}")
    def of_airflow(rest: str) -> HTMLResponse:
        return HTMLResponse(f"<title>Airflow {rest}</title>")

    with status_server.served(application) as address:
        phone_and_desk(browser, address)
        light_and_dark(browser, address)
        by_keyboard(browser, address)
        in_the_frame(browser, address)


def phone_and_desk(browser: Browser, address: str) -> None:
    """No page is wider than its window, and none makes an error."""
    for width in (360, 1280):
        with opened(browser, address, viewport={"width": width, "height": 800}) as (page, errors):
            for path in PATHS:
                page.goto(f"{address}/nightjar/{path}")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
                assert page.locator("h1").count() >= 1 and page.locator("main").count() == 1
            assert errors == []


def light_and_dark(browser: Browser, address: str) -> None:
    """Each side has colours of its own, in which every text can be read."""
    grounds = set()
    for scheme in ("light", "dark"):
        with opened(browser, address, color_scheme=scheme) as (page, _):
            page.goto(f"{address}/nightjar/")
            grounds.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
            for selector in ("p, a, b, td, th, h1, h2", ".word"):
                for ink, ground, text in page.evaluate(COLOURS, selector):
                    assert contrast(ink, ground) >= 4.5, (scheme, text, ink, ground)
    assert len(grounds) == 2


def by_keyboard(browser: Browser, address: str) -> None:
    """The first stop leads over the head; landmarks and pictures have names, and no state is told by colour alone."""
    with opened(browser, address) as (page, _):
        page.goto(f"{address}/nightjar/use-cases/violated")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        for selector, name in (("nav", "aria-label"), ("svg[role=img]", "aria-label"), ("section", "aria-label")):
            for found in page.locator(selector).all():
                assert found.get_attribute(name) or found.get_attribute("aria-labelledby")
        levels = [
            int(tag[1])
            for tag in page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(found => found.tagName)")
        ]
        assert levels[0] == 1 and all(after - before <= 1 for before, after in pairwise(levels))
        assert all(word.inner_text().strip() for word in page.locator(".word").all())


def in_the_frame(browser: Browser, address: str) -> None:
    """In Airflow's frame the page has Airflow's theme, and a link out of it opens in Airflow's window."""
    with opened(browser, address, color_scheme="light") as (page, _):
        page.goto(f"{address}/plugin/nightjar")
        frame = page.frame_locator("iframe")
        assert frame.locator("html").get_attribute("data-theme") == "dark"
        frame.locator(".go a[data-out=here]").first.click()
        page.wait_for_url("**/dags/monitor__violated")
        assert page.title() == "Airflow monitor__violated"
