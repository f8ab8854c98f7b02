"""Nothing keeps people from using any page: axe-core finds nothing, on every page in French on a screen, and on each
kind of page in English on a phone.
"""

from collections.abc import Callable
from typing import Any

import pytest
import redis
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Page

from tests.alerts.console import site
from tests.alerts.making import evidence, live, lowered
from tests.alerts.publishing import Bench
from tests.alerts.samples import MONTHS
from tests.browser.people import NARROW, WIDE, Agents

FIRM = "/firms/21/123456789"
AXE = AXE_FILE_PATH.read_text(encoding="utf-8")
RUN = """contrast => axe.run({
    resultTypes: ["violations"],
    rules: {"color-contrast": {enabled: contrast}},
}).then(results => results.violations.flatMap(
    rule => rule.nodes.map(node => `${rule.id}: ${node.html.slice(0, 120)}`)))"""


def found(page: Page, *, contrast: bool = True) -> list[str]:
    """What axe-core finds, its best practices included, and on which screens one has to scroll sideways."""
    page.evaluate(AXE)
    wrong: list[str] = page.evaluate(RUN, contrast)
    here = page.viewport_size
    assert here is not None
    for width, height in (WIDE, NARROW):
        page.set_viewport_size({"width": width, "height": height})
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wrong.append(f"wider than {width}")
    page.set_viewport_size(here)
    return wrong


def refused(page: Page) -> None:
    """An action on a case that has changed since it was looked at."""
    page.goto(FIRM)
    page.locator("input[name=seen]").first.evaluate("field => { field.value = '77'; }")
    page.locator("form[action$='/take'] button").click()


def opened(path: str) -> Callable[[Page], Any]:
    def open_(page: Page) -> None:
        page.goto(path)
        # What is folded away is looked at too.
        page.locator("details").evaluate_all("all => all.forEach(one => { one.open = true; })")

    return open_


PAGES: dict[str, tuple[str, Callable[[Page], Any]]] = {
    "list": ("b.durand", opened("/")),
    "empty list": ("b.durand", opened("/?q=nobody")),
    "firm": ("b.durand", opened(FIRM)),
    "firm of a reader": ("c.reader", opened(FIRM)),
    "firm closed": ("b.durand", opened("/firms/71/710000000")),
    "refused": ("b.durand", refused),
    "not theirs": ("c.reader", opened("/firms/71/710000000")),
    "glass to break": ("a.martin", opened("/firms/71/710000000")),
    "broken glass": ("s.chief", opened("/glass")),
    "nowhere": ("b.durand", opened("/nowhere")),
    "not understood": ("b.durand", opened("/?tier=x")),
}
KINDS = ("list", "firm", "refused", "not theirs")
"""One of each template, beside the login."""


@pytest.mark.parametrize(("language", "size"), [("fr", WIDE), ("en", NARROW)], ids=["fr", "en"])
def test_axe_finds_nothing_on_any_page(
    client: redis.Redis, bench: Bench, agents: Agents, language: str, size: tuple[int, int]
) -> None:
    site.put(
        client,
        bench.metrics,
        live(),
        live(1, kind="jump", probability=0.5, previous_probability=0.34, months=MONTHS),
        live(2, siren="710000000", department="71", evidence=evidence(schedule_running=1.0)),
        lowered(3, siren="710000000", department="71"),
    )
    people: dict[str, Page] = {}
    wrong: dict[str, list[str]] = {}
    visitor = agents.visitor(language, size)
    visitor.goto("/login")
    wrong["login"] = found(visitor)
    for name in PAGES if size == WIDE else KINDS:
        person, open_ = PAGES[name]
        if person not in people:
            people[person] = agents.at(person, language=language, size=size)
        page = people[person]
        open_(page)
        # The colours are the same in both languages, and take most of the time.
        wrong[name] = found(page, contrast=size == WIDE or name == "list")
        assert page.locator("html").get_attribute("lang") == language, name
    assert {name: problems for name, problems in wrong.items() if problems} == {}
