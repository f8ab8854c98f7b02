"""Breaking the glass, as browsers of several people see it, and the reminder of confidentiality."""

from datetime import datetime, timedelta
from urllib.parse import urlencode

import pytest
import redis

from alerts import audit
from alerts.console.app import application
from alerts.console.glass import LONGEST_MOTIVE, motive_of, reported
from alerts.routing import GLASS_KEY, QUEUES, glass_key
from detectors.errors import UnusableInput
from tests.alerts.console import site
from tests.alerts.console.site import PEOPLE, Browser, hidden
from tests.alerts.console.test_app import FIRM, OTHER, audited
from tests.alerts.making import NOW, live
from tests.alerts.publishing import Bench

MOTIVE = "remplace une collègue de Saône-et-Loire"


class Day:
    """A clock that is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


def break_(browser: Browser, page: str, firm: str = OTHER, **fields: str) -> int:
    form = {"csrf": hidden(page, "csrf"), "motive": MOTIVE, **fields}
    return int(browser.http.post(f"{firm}/glass", data=form).status_code)


def test_a_firm_of_others_for_a_time_to_read_and_told(client: redis.Redis, bench: Bench) -> None:
    site.put(client, bench.metrics, live(), live(1, siren="710000000", department="71", name="AUTRE"))
    day = Day()
    app = application(site.settings(client)._replace(clock=day))
    martin, other = Browser(app).log_in("a.martin"), Browser(app).log_in("a.martin")
    refused = martin.get(OTHER)
    assert (refused.status_code, "AUTRE" in refused.text, "/glass" in refused.text) == (403, False, True)
    assert break_(martin, refused.text) == 303
    page = martin.get(OTHER)
    assert (page.status_code, MOTIVE in page.text, "02/03/2026 14:00" in page.text) == (200, True, True)
    assert "<textarea" not in page.text, "to read"
    form = {"csrf": hidden(page.text, "csrf"), "seen": "1"}
    assert martin.http.post(f"{OTHER}/take", data=form).status_code == 403
    assert [martin.get(path).status_code for path in ("/?department=71", "/stream?department=71")] == [403, 403]
    assert "AUTRE" not in martin.get("/").text
    assert other.get(OTHER).status_code == 200, "the person, whichever browser"
    assert Browser(app).log_in("c.reader").get(OTHER).status_code == 403
    day.now += timedelta(hours=4)
    assert martin.get(OTHER).status_code == 403, "and no longer"
    log = [item for item in audited(client) if item[2] == "case:71:710000000"]
    assert log[0] == ("a.martin@console", "glass.break", "case:71:710000000", "done")
    details = [audit.decode(item.entry).detail for item in audit.stored(client, where="here")]
    assert MOTIVE in details
    assert details.count("by broken glass") == 2
    assert 0 < client.pttl(glass_key("71", "710000000", "a.martin")) <= 4 * 3600 * 1000


def test_supervisors_of_the_department_are_told(client: redis.Redis, bench: Bench) -> None:
    site.put(client, bench.metrics, live(), live(1, siren="710000000", department="71"))
    people = {**PEOPLE, "chief": PEOPLE["s.chief"]._replace(name="chief", queues=("71",))}
    day = Day()
    app = application(site.settings(client, people=people)._replace(clock=day))
    martin = Browser(app).log_in("a.martin")
    break_(martin, martin.get(OTHER).text, motive='<b>motif</b> "assez long"')
    chief, elsewhere = Browser(app).log_in("chief"), Browser(app).log_in("s.chief")
    page = chief.get("/glass").text
    assert "a.martin" in page
    assert "&lt;b&gt;motif&lt;/b&gt;" in page
    assert "a.martin" not in elsewhere.get("/glass").text
    assert martin.get("/glass").status_code == 403
    assert 'href="/glass"' not in martin.get("/").text
    (told,) = reported(client, day.now, where="here", departments=QUEUES)
    assert (told.name, told.department, told.siren, told.until) == (
        "a.martin",
        "71",
        "710000000",
        NOW + timedelta(hours=4),
    )
    assert reported(client, day.now + timedelta(days=8), where="here", departments=QUEUES) == []
    assert client.xlen(GLASS_KEY) == 1


def test_what_breaks_no_glass(client: redis.Redis, bench: Bench) -> None:
    site.put(client, bench.metrics, live(), live(1, siren="710000000", department="71"))
    app = application(site.settings(client))
    martin, reader = Browser(app).log_in("a.martin"), Browser(app).log_in("c.reader")
    page = martin.get(OTHER).text
    assert break_(martin, page, FIRM) == 403, "one's own firm"
    refused = reader.get(OTHER)
    assert (refused.status_code, "motive" in refused.text) == (403, False)
    assert break_(reader, reader.get("/").text) == 403, "who only reads"
    for wrong in ("", "court", "x" * (LONGEST_MOTIVE + 1)):
        assert break_(martin, page, motive=wrong) == 400
    for nowhere in ("/firms/99/710000000", "/firms/71/71000000x", "/firms/canary/999999990"):
        assert break_(martin, page, nowhere) == 400
    assert martin.http.post(f"{OTHER}/glass", data={"motive": MOTIVE}).status_code == 403, "without the token"
    assert client.xlen(GLASS_KEY) == 0
    assert break_(martin, page, "/firms/71/711111111") == 303, "that there is no such firm is no secret kept by this"
    assert martin.get("/firms/71/711111111").status_code in (403, 404)
    with pytest.raises(UnusableInput):
        motive_of(" \n" * 30)


def test_the_reminder_comes_first_and_again_after_three_months(client: redis.Redis, bench: Bench) -> None:
    site.put(client, bench.metrics, live())
    day = Day()
    settings = site.settings(client, reminder_days=91.0)._replace(clock=day)
    martin = Browser(application(settings)).log_in("a.martin")
    asked_for = f"/reminder?{urlencode({'next': FIRM})}"
    for path, there in (("/", "/reminder"), ("/stream", "/reminder"), (FIRM, asked_for)):
        answer = martin.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, there)
    page = martin.get(asked_for).text
    assert hidden(page, "next") == FIRM
    assert martin.http.post("/reminder", data={"csrf": "x"}).status_code == 403
    said = martin.http.post("/reminder", data={"csrf": hidden(page, "csrf"), "next": FIRM})
    assert (said.status_code, said.headers["location"]) == (303, FIRM)
    hostile = martin.http.post("/reminder", data={"csrf": hidden(page, "csrf"), "next": "//evil.example"})
    assert hostile.headers["location"] == "/"
    assert ("a.martin@console", "person.reminded", "person:a.martin", "done") in audited(client)
    assert martin.get(FIRM).status_code == 200
    assert Browser(application(settings)).log_in("a.martin").get(FIRM).status_code == 200, "not at each login"
    assert Browser(application(settings)).log_in("b.durand").get("/").headers["location"] == "/reminder"
    day.now += timedelta(days=92)
    assert martin.get("/").headers["location"] == "/reminder"
