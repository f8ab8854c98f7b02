"""A firm's page in a browser: the case from hand to hand, by keyboard as well, and nothing of others'."""

import http.client
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Barrier
from urllib.parse import urlencode, urlsplit

import redis
from playwright.sync_api import Page, expect

from alerts import audit
from tests.alerts.console import site
from tests.alerts.making import live
from tests.alerts.publishing import Bench
from tests.browser.people import PATIENCE_MS, Agents

FIRM, OTHER = "/firms/21/123456789", "/firms/71/710000000"
FOCUSED = """selector => [
    document.activeElement.matches(selector), getComputedStyle(document.activeElement).outlineStyle,
]"""
RACES = int(os.environ.get("VIGIE_SOAK_RACES", "100"))


def test_take_follow_close(client: redis.Redis, bench: Bench, agents: Agents) -> None:
    site.put(client, bench.metrics, live())
    page = agents.at("a.martin")
    page.click("#list tbody a")
    page.click("text=Prendre en charge")
    page.locator("summary", has_text="Suivre").click()
    page.fill("#follow-comment", "rendez-vous le 12")
    page.click("form[action$='/follow'] button")
    assert page.locator("blockquote").text_content() == "rendez-vous le 12"
    page.locator("summary", has_text="Clore").click()
    page.select_option("#close-outcome", "besoin")
    page.click("form[action$='/close'] button")
    assert page.locator(".history li").count() == 4
    case = site.desk(client).get("21", "123456789")
    assert (case.state, case.by, case.outcome) == ("closed", "a.martin", "besoin")
    page.goto("/")
    assert page.locator("#list tbody tr").count() == 0


def test_two_who_look_at_the_same_firm(client: redis.Redis, bench: Bench, agents: Agents) -> None:
    firms = [f"/firms/21/{number:09d}" for number in range(2)]
    site.put(client, bench.metrics, *(live(number, siren=f"{number:09d}") for number in range(2)))
    pages = [agents.at("a.martin"), agents.at("b.durand", language="en")]
    for number, firm in enumerate(firms):
        first, second = pages if number % 2 else pages[::-1]
        for page in pages:
            page.goto(firm)
        for page in (first, second):
            page.locator("form[action$='/take'] button").click()
        winner = ("b.durand", "a.martin")[number % 2]
        assert second.locator("[role=alert]").count() == 1
        assert winner in (second.locator("[role=alert]").text_content() or "")
        assert first.locator("[role=alert]").count() == 0
        assert site.desk(client).get("21", firm[-9:]).holder == winner


def test_of_two_at_the_same_moment_one_wins_each_time(
    client: redis.Redis, bench: Bench, agents: Agents, home: str
) -> None:
    """The console's own endpoint; 1 000 races in `make soak`."""
    firms = [f"{number:09d}" for number in range(RACES)]
    site.put(client, bench.metrics, *(live(0, id=f"{siren:0>24}", siren=siren) for siren in firms))
    start = Barrier(2)

    def race(name: str) -> list[int]:
        page = ready[name]
        address = urlsplit(home)
        with closing(http.client.HTTPConnection(address.hostname or "", address.port)) as connection:
            answers = []
            for siren in firms:
                form = urlencode({"csrf": page["csrf"], "seen": "1"})
                headers = {"Cookie": page["cookie"], "Content-Type": "application/x-www-form-urlencoded"}
                start.wait(30)
                connection.request("POST", f"/firms/21/{siren}/take", form, headers)
                answer = connection.getresponse()
                answer.read()
                answers.append(answer.status)
        return answers

    ready = {name: session(agents.at(name)) for name in ("a.martin", "b.durand")}
    with ThreadPoolExecutor(2) as both:
        martin, durand = both.map(race, ready)
    assert len(martin) == RACES
    for siren, one, other in zip(firms, martin, durand, strict=True):
        assert {one, other} == {303, 409}
        assert site.desk(client).get("21", siren).holder == ("a.martin" if one == 303 else "b.durand")


def session(page: Page) -> dict[str, str]:
    """What a form and a request of this person's must bring."""
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in page.context.cookies())
    return {"csrf": page.locator("input[name=csrf]").first.input_value(), "cookie": cookies}


def test_an_agent_of_another_department_sees_nothing(client: redis.Redis, bench: Bench, agents: Agents) -> None:
    site.put(client, bench.metrics, live(siren="710000000", department="71", name="FIRME SECRETE"))
    page = agents.at("a.martin")
    assert page.locator("#list tbody tr").count() == 0
    for path in (OTHER, "/?department=71", f"{OTHER}?lang=en"):
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == 403
        assert "SECRETE" not in page.content()
    refused = [audit.decode(item.entry) for item in audit.stored(client, where="here")]
    objects = [entry.object for entry in refused if entry.outcome == "refused"]
    assert objects == [f"page:{OTHER}", "page:/", f"page:{OTHER}"]


def test_markup_in_a_name_does_nothing(client: redis.Redis, bench: Bench, agents: Agents) -> None:
    attack = "\"'><script>window.hacked=1</script><img src=x onerror=window.hacked=1><svg onload=window.hacked=1>"
    site.put(client, bench.metrics, live(name=attack, reasons=[attack], model_version=attack))
    page = agents.at("a.martin")
    name = page.locator("#list tbody th a")
    assert (name.text_content() or "").startswith("\"'><script>window.hacked")
    # Where the list is put together anew by the script, too.
    site.put(client, bench.metrics, live(1, siren="000000002", name=attack))
    page.wait_for_selector("a[href='/firms/21/000000002']")
    assert page.evaluate("window.hacked") is None
    page.goto(FIRM)
    page.locator("summary", has_text="Commenter").click()
    page.fill("#note-comment", attack)
    page.click("form[action$='/note'] button")
    assert "<script>window.hacked" in (page.locator("h1").text_content() or "")
    assert page.evaluate("window.hacked") is None
    assert page.locator("main img").count() == 0


def test_by_keyboard_alone(client: redis.Redis, bench: Bench, agents: Agents) -> None:
    """From logging in to the close, with Tab, Enter, the arrows and the space bar, the focus in sight all along."""
    site.put(client, bench.metrics, live())
    page = agents.visitor()
    page.goto("/login")
    tab_to(page, "#person")
    page.keyboard.type("a.m")
    tab_to(page, "main button")
    page.keyboard.press("Enter")
    page.wait_for_url("/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip", "the first stop leads past the head"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "content"
    tab_to(page, "#list tbody a")
    page.keyboard.press("Enter")
    page.wait_for_url(FIRM)
    tab_to(page, "form[action$='/take'] button")
    page.keyboard.press("Enter")
    page.wait_for_selector("form[action$='/close']", state="attached")
    tab_to(page, "summary:has(+ form[action$='/close'])")
    page.keyboard.press("Space")
    tab_to(page, "#close-outcome")
    page.keyboard.press("ArrowDown")
    tab_to(page, "form[action$='/close'] button")
    page.keyboard.press("Enter")
    expect(page.locator(".history li")).to_have_count(3, timeout=PATIENCE_MS)
    assert site.desk(client).get("21", "123456789").state == "closed"


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until that has the focus, which must be seen wherever it is."""
    for _ in range(80):
        page.keyboard.press("Tab")
        here, outline = page.evaluate(FOCUSED, selector)
        if here:
            assert outline != "none"
            return
    raise AssertionError(f"{selector} is not reached by Tab")
