"""The console's pages on a real server, as browsers of several people see them."""

import html
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts import audit, redis_acl
from alerts.actions import Actor, Follow, Note, Take
from alerts.audit_check import check
from alerts.clearance import Clearance
from alerts.connect import connect
from alerts.console.app import COOKIE, application
from alerts.console.asking import asked
from alerts.console.headers import HEADERS
from alerts.listing import Query
from alerts.notices import NoticeOptions
from tests.alerts.console import site
from tests.alerts.console.site import PEOPLE, Browser, Clock, hidden, sirens
from tests.alerts.making import NOW, evidence, live
from tests.alerts.publishing import Bench
from tests.alerts.samples import MONTHS

FIRM, OTHER = "/firms/21/123456789", "/firms/71/710000000"


def audited(client: redis.Redis) -> list[tuple[str, str, str, str]]:
    """Actor, action, object and outcome of every entry of the log, whose chain is whole."""
    head = audit.head(client, where="here")
    stored = list(audit.stored(client, where="here"))
    assert check(stored, head, kept_days=365).findings == ()
    entries = [audit.decode(item.entry) for item in stored]
    return [(entry.actor, entry.action, entry.object, entry.outcome) for entry in entries]


def plain(page: str) -> str:
    """A page with spaces for what breaks no line."""
    return page.replace("\u202f", " ").replace("\xa0", " ")


def many_firms(client: redis.Redis, bench: Bench) -> None:
    """Seventy firms of two departments, of every kind that a filter tells apart."""
    alerts = [
        live(
            number,
            id=f"{number:024x}",
            siren=f"{number:09d}",
            name=f"FIRME {number}",
            department="71" if number % 7 == 0 else "21",
            tier="strong" if number % 3 else "moderate",
            probability=0.2 + number / 200,
            activity="25.62B" if number % 2 else "43.21A",
            evidence=evidence(schedule_running=float(number % 5 == 0), headcount=float(number)),
        )
        for number in range(70)
    ]
    site.put(client, bench.metrics, *alerts)
    for number in (1, 2, 3):
        site.desk(client).act("21", f"{number:09d}", Take(), Actor("a.martin"))
    site.desk(client).act("71", f"{7:09d}", Follow(), Actor("b.durand"))


class TestList:
    @settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.data())
    def test_it_shows_what_the_desk_lists(self, client: redis.Redis, bench: Bench, data: st.DataObject) -> None:
        if not client.exists("vigie:cases:{vigie:alerts:21}"):
            many_firms(client, bench)
        some = {
            "department": ["21", "71"],
            "tier": ["strong", "moderate"],
            "state": ["new", "taken", "followed", "closed"],
            "sector": ["C", "F"],
            "let": ["known", "schedule"],
            "order": ["name", "probability", "newest"],
            "q": ["FIRME 1", "firme", "000000012"],
            "mine": ["yes"],
        }
        pairs = [
            (name, value)
            for name, values in some.items()
            for value in data.draw(st.lists(st.sampled_from(values), max_size=1 if name in "order q" else 2))
        ]
        browser = _once(client, "b.durand")
        wanted = asked(pairs, PEOPLE["b.durand"])
        expected = site.desk(client).listed(wanted.query)
        shown: list[str] = []
        for page in range(1, max(1, -(-expected.total // 50)) + 1):
            answer = browser.get("/?" + urlencode([*pairs, ("page", str(page))]))
            assert answer.status_code == 200
            shown += sirens(answer.text)
        assert shown == [case.siren for case in expected.cases]

    def test_it_counts_what_is_held_back_and_lets_it_through(self, client: redis.Redis, bench: Bench) -> None:
        many_firms(client, bench)
        browser = Browser(application(site.settings(client))).log_in("b.durand")
        held = site.desk(client).count(Query(departments=("21", "71"))).held["schedule"]
        page = browser.get("/").text
        assert held
        assert f"délai de paiement en cours ({held})" in page
        assert "000000005" not in sirens(page)
        assert "000000005" in sirens(browser.get("/?let=schedule&department=21&order=name&q=").text)

    def test_its_file_has_what_the_page_lists_and_is_in_the_log(self, client: redis.Redis, bench: Bench) -> None:
        many_firms(client, bench)
        app = application(site.settings(client))
        browser = Browser(app).log_in("b.durand")
        page = browser.get("/?tier=strong&sector=C&order=name&page=1").text
        links = [html.unescape(link) for link in re.findall(r'href="(/export[^"]+)"', page)]
        assert [link.rpartition("=")[2] for link in links] == ["csv", "xlsx"]
        found = browser.get(links[0])
        assert found.headers["content-disposition"] == 'attachment; filename="vigie-2026-03-02.csv"'
        lines = [line for line in found.content.decode("utf-8-sig").splitlines() if not line.startswith("#")]
        query = Query(departments=("21", "71"), tiers=("strong",), sectors=("C",), order="name")
        listed = [case.siren for case in site.desk(client).listed(query).cases]
        assert listed
        assert [line.partition(";")[0] for line in lines[1:]] == listed
        assert browser.get(links[1]).content.startswith(b"PK")
        assert browser.get("/export?format=pdf").status_code == 400
        martin = Browser(app).log_in("a.martin")
        assert martin.get("/export?format=csv&department=71").status_code == 403
        assert b";71;" not in martin.get("/export?format=csv").content
        done = [item for item in audited(client) if item[1] == "case.export"]
        assert [(actor, outcome) for actor, _, _, outcome in done] == [
            ("b.durand@console", "done"),
            ("b.durand@console", "done"),
            ("a.martin@console", "done"),
        ]

    def test_a_file_of_too_many_is_refused_and_not_cut_short(self, client: redis.Redis, bench: Bench) -> None:
        many_firms(client, bench)
        browser = Browser(application(site.settings(client, most_exported=10))).log_in("a.martin")
        refused = browser.get("/export?format=xlsx")
        assert (refused.status_code, "FIRME" in refused.text) == (413, False)
        assert audited(client)[-1] == ("a.martin@console", "case.export", "departments:21", "refused")
        assert browser.get("/export?format=csv&q=000000011").status_code == 200

    def test_it_says_what_was_taken_and_left(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        site.desk(client).act("21", "123456789", Take(), Actor("a.martin"))
        browser = Browser(application(site.settings(client))).log_in("a.martin")
        assert "laissée sans action" not in browser.get("/").text
        site.desk(client, NOW + timedelta(days=20)).sweep(NoticeOptions())
        assert "laissée sans action" in browser.get("/").text
        site.desk(client, NOW + timedelta(days=21)).act("21", "123456789", Note("appel"), Actor("a.martin"))
        assert "laissée sans action" not in browser.get("/").text

    def test_mine_are_mine_in_whatever_department(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live(), live(1, siren="710000000", department="71", name="AILLEURS"))
        app = application(site.settings(client))
        martin = Browser(app).log_in("a.martin")
        for number, holder in enumerate(("a.martin", "b.durand")):
            site.put(client, bench.metrics, live(number + 2, siren=f"72000000{number}", department="72"))
            site.desk(client).act("72", f"72000000{number}", Follow(), Actor(holder))
        assert sirens(martin.get("/?mine=yes").text) == ["720000000"]
        assert "720000000" not in sirens(martin.get("/").text)
        assert "720000000" in martin.get("/export?format=csv&mine=yes").text
        assert martin.get("/?mine=yes&department=72").status_code == 403, "others' departments stay others'"
        masked = Browser(app).log_in("e.masked")
        site.desk(client).act("71", "710000000", Take(), Actor("e.masked"))
        page = plain(masked.get("/?mine=yes").text)
        assert sirens(page) == ["710000000"]
        assert "34 %" not in page

    def test_an_address_that_is_not_understood_is_refused(self, client: redis.Redis) -> None:
        browser = Browser(application(site.settings(client))).log_in("a.martin")
        for query in ("tier=high", "state=x", "order=x", "page=0", "page=-1", "page=x", "let=all", "sector=12"):
            assert browser.get(f"/?{query}").status_code == 400, query

    def test_languages(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        app = application(site.settings(client))
        browser = Browser(app, **{"Accept-Language": "en-GB,en;q=0.9,fr;q=0.5"}).log_in("a.martin")
        assert '<html lang="en">' in browser.get("/").text
        assert 'href="/?q=A+%26+B&amp;lang=fr"' in browser.get("/?q=A+%26+B").text, "with what was asked"
        assert '<html lang="fr">' in browser.get("/?lang=fr").text
        assert "Risque au fil des alertes" in browser.get(FIRM).text, "the session keeps it"
        assert '<html lang="fr">' in Browser(app).log_in("a.martin").get("/").text


_BROWSERS: dict[int, Browser] = {}


def _once(client: redis.Redis, name: str) -> Browser:
    """A browser that all examples of a test share."""
    if id(client) not in _BROWSERS:
        _BROWSERS.clear()
        _BROWSERS[id(client)] = Browser(application(site.settings(client))).log_in(name)
    return _BROWSERS[id(client)]


class TestFirm:
    def test_its_page_says_why_and_how_old_the_data_are(self, client: redis.Redis, bench: Bench) -> None:
        jump = live(1, kind="jump", probability=0.5, previous_probability=0.34, months=MONTHS)
        site.put(client, bench.metrics, live(), jump)
        page = Browser(application(site.settings(client))).log_in("a.martin").get(FIRM).text
        for text in (
            "Ce qui a changé depuis",
            "Redressement judiciaire",
            "Part patronale",
            "ATELIERS DUMONT",
            "La dette sociale accroît le risque",
            "La part patronale des cotisations impayées",
            "+1,10",
            "impayés",
            "20/01/2019",
            "seuil fort",
            "dossier ouvert",
        ):
            assert text in page, text
        assert page.count('<circle class="dot"') == 2
        for drawn in page.split("<svg")[1:]:
            head = drawn.partition(">")[0]
            if 'aria-hidden="true"' not in head:
                table = re.search(r'aria-describedby="([^"]+)"', head)
                assert table, "every chart names its table"
                assert f'<table id="{table[1]}">' in page

    def test_it_proposes_measures_and_keeps_what_came_of_them(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        browser = Browser(application(site.settings(client))).log_in("a.martin")
        page = browser.get(FIRM).text
        assert "verser la part salariale impayée (8\u202f100\u00a0€)" in page
        assert '<a href="https://entreprendre.service-public.gouv.fr/vosdroits/F38326" rel="noreferrer">' in page
        assert f'action="{FIRM}/propose"' in page
        browser.send(page, "propose", measure="ccsf", comment="<b>envoyé</b>")
        page = browser.get(FIRM).text
        assert "proposée par a.martin" in page
        assert "« <b>" not in page
        assert f'action="{FIRM}/answer"' in page
        assert f'action="{FIRM}/' not in Browser(application(site.settings(client))).log_in("c.reader").get(FIRM).text

    def test_an_unknown_firm_is_not_found(self, client: redis.Redis) -> None:
        browser = Browser(application(site.settings(client))).log_in("a.martin")
        assert browser.get(FIRM).status_code == browser.get("/nowhere").status_code == 404

    def test_a_name_with_markup_is_inert(self, client: redis.Redis, bench: Bench) -> None:
        attack = "\"><script>alert(1)</script><img src=x onerror=alert(2)>{{ 7*7 }}'"
        site.put(client, bench.metrics, live(name=attack, reasons=[attack], model_version=attack))
        browser = Browser(application(site.settings(client))).log_in("a.martin")
        browser.send(browser.get(FIRM).text, "note", comment=attack)
        for path in ("/", FIRM, "/?" + urlencode({"q": attack})):
            answer = browser.get(path)
            assert "<script>alert" not in answer.text
            assert "<img" not in answer.text
            assert "49" not in answer.text.partition("{{")[2][:9]
            policy = answer.headers["content-security-policy"]
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
        assert "&lt;script&gt;alert(1)" in browser.get(FIRM).text


class TestActions:
    def test_of_two_who_take_a_firm_one_wins_and_the_other_sees_who(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        app = application(site.settings(client))
        martin, durand = Browser(app).log_in("a.martin"), Browser(app).log_in("b.durand")
        pages = martin.get(FIRM).text, durand.get(FIRM).text
        won = martin.send(pages[0], "take")
        assert (won.status_code, won.headers["location"]) == (303, FIRM)
        lost = durand.send(pages[1], "take")
        assert lost.status_code == 409
        assert "prise en charge par a.martin" in lost.text
        assert "Prendre en charge" not in lost.text
        case = site.desk(client).get("21", "123456789")
        assert (case.state, case.holder) == ("taken", "a.martin")

    def test_of_two_at_the_same_moment_one_wins(self, client: redis.Redis, bench: Bench) -> None:
        firms = [f"{number:09d}" for number in range(20)]
        site.put(client, bench.metrics, *(live(number, siren=siren) for number, siren in enumerate(firms)))
        app = application(site.settings(client))
        browsers = [Browser(app).log_in(name) for name in ("a.martin", "b.durand")]
        for siren in firms:
            pages = [browser.get(f"/firms/21/{siren}").text for browser in browsers]
            with ThreadPoolExecutor(2) as both:
                answers = list(both.map(lambda browser, page: browser.send(page, "take"), browsers, pages))
            assert sorted(answer.status_code for answer in answers) == [303, 409]
            winner = ("a.martin", "b.durand")[answers[1].status_code == 303]
            assert site.desk(client).get("21", siren).holder == winner
            assert f"par {winner}" in max(answers, key=lambda answer: answer.status_code).text

    def test_a_stale_form_changes_nothing(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        browser = Browser(application(site.settings(client))).log_in("a.martin")
        page = browser.get(FIRM).text
        site.put(client, bench.metrics, live(1, kind="jump", probability=0.6))
        before = site.desk(client).get("21", "123456789")
        refused = browser.send(page, "withdraw", months="3")
        assert refused.status_code == 409
        assert "a changé depuis que vous l" in refused.text
        assert hidden(refused.text, "seen") == str(before.version), "the form is of the case as it stands"
        assert site.desk(client).get("21", "123456789") == before
        assert ("a.martin@console", "case.withdraw", "case:21:123456789", "refused") in audited(client)

    def test_a_case_to_its_end(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        browser = Browser(application(site.settings(client))).log_in("a.martin")
        steps: list[tuple[str, dict[str, str]]] = [
            ("take", {}),
            ("release", {"reason": "indisponible"}),
            ("snooze", {"comment": "attend son prêt", "until": "2026-05-01"}),
            ("release", {}),
            ("withdraw", {"months": "good"}),
            ("release", {}),
            ("follow", {"motive": "detection", "comment": "rendez-vous"}),
            ("vote", {"useful": "no", "reason": "deja_connue"}),
            ("vote", {"useful": "yes", "reason": "deja_connue"}),
            ("note", {"comment": "vu"}),
            ("propose", {"measure": "ccsf", "comment": "dossier envoyé"}),
            ("answer", {"measure": "ccsf", "outcome": "accorde"}),
            ("close", {"outcome": "besoin"}),
        ]
        for action, fields in steps:
            done = browser.send(browser.get(FIRM).text, action, **fields)
            assert done.status_code == 303, (action, done.text)
        history = site.desk(client).history("21", "123456789")
        assert [entry.action for entry in history] == ["opened", *(action for action, _ in steps)]
        assert {entry.by for entry in history[1:]} == {"a.martin"}
        shown = [item for item in audited(client) if item[1:3] == ("case.close", "case:21:123456789")]
        assert shown == [("a.martin@console", "case.close", "case:21:123456789", "done")]

    def test_wrong_values_are_refused(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        browser = Browser(application(site.settings(client))).log_in("a.martin")
        page = browser.get(FIRM).text
        for action, fields, status in (
            ("follow", {"motive": "autre"}, 422),
            ("snooze", {"comment": ""}, 422),
            ("snooze", {"comment": "x", "until": "soon"}, 400),
            ("withdraw", {"months": "4"}, 400),
            ("close", {"outcome": "besoin"}, 409),
            ("erase", {}, 400),
            ("propose", {"measure": "luck"}, 400),
            ("answer", {"measure": "ccsf", "outcome": "accorde"}, 422),
            ("note", {"comment": "x" * 70_000}, 400),
            ("take", {"seen": "x"}, 400),
        ):
            assert browser.send(page, action, **fields).status_code == status, (action, fields)
        assert site.desk(client).get("21", "123456789").version == 1


class TestScope:
    def test_another_department_is_refused_and_not_a_byte_of_it_shown(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live(), live(1, siren="710000000", department="71", name="FIRME SECRETE"))
        app = application(site.settings(client))
        martin, durand = Browser(app).log_in("a.martin"), Browser(app).log_in("b.durand")
        assert "FIRME SECRETE" in durand.get("/").text
        page = martin.get(FIRM).text
        answers = [martin.get(path) for path in ("/?department=71", OTHER, "/stream?department=71")]
        answers.append(martin.http.post(f"{OTHER}/take", data={"csrf": hidden(page, "csrf"), "seen": "1"}))
        assert [answer.status_code for answer in answers] == [403] * 4
        seen = [answer.text for answer in answers] + [martin.get(path).text for path in ("/", "/?q=SECRET")]
        # The address that was asked for comes back in the form that breaks the glass.
        seen = [text.replace(f'action="{OTHER}/glass"', "") for text in seen]
        assert not [text for text in seen if "FIRME" in text or "710000000" in text]
        assert site.desk(client).get("71", "710000000").state == "new"
        refusals = [item for item in audited(client) if item[0] == "a.martin@console" and item[3] == "refused"]
        assert [item[2] for item in refusals] == ["page:/", f"page:{OTHER}", "page:/stream", f"page:{OTHER}/take"]

    def test_a_reader_sees_and_does_not_act(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        browser = Browser(application(site.settings(client))).log_in("c.reader")
        page = browser.get(FIRM).text
        assert "<textarea" not in page
        form = {"csrf": hidden(page, "csrf"), "seen": "1"}
        assert browser.http.post(f"{FIRM}/take", data=form).status_code == 403
        assert site.desk(client).get("21", "123456789").state == "new"

    def test_what_one_follows_is_ones_own_wherever_it_is(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live(), live(1, siren="710000000", department="71"))
        martin = Browser(application(site.settings(client))).log_in("a.martin")
        assert martin.get(OTHER).status_code == 403
        site.desk(client).act("71", "710000000", Take(), Actor("a.martin"))
        page = martin.get(OTHER)
        assert page.status_code == 200
        assert martin.send(page.text, "note", comment="toujours à moi").status_code == 303
        assert martin.send(page.text, "release", seen="3", reason="indisponible").status_code == 303
        assert [martin.get(OTHER).status_code, martin.get("/firms/71/999999999").status_code] == [403, 403]
        assert martin.get("/firms/canary/999999990").status_code == 403

    def test_a_supervisor_acts_on_what_another_holds(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        app = application(site.settings(client))
        martin, chief = Browser(app).log_in("a.martin"), Browser(app).log_in("s.chief")
        martin.send(martin.get(FIRM).text, "take")
        page = chief.get(FIRM).text
        assert "Prendre en charge" in page
        assert chief.send(page, "take").status_code == 303
        assert site.desk(client).get("21", "123456789").holder == "s.chief"
        assert martin.send(martin.get(FIRM).text, "close", outcome="besoin").status_code == 409

    def test_masked_data_are_on_no_page(self, client: redis.Redis, bench: Bench) -> None:
        put = live(evidence=evidence(debt_employer_euros=45_200.0, schedule_running=1.0, headcount=38.0), name="DUMONT")
        rises = live(1, kind="jump", probability=0.71, previous_probability=0.34, evidence=put.evidence, months=MONTHS)
        site.put(client, bench.metrics, put, rises)
        app = application(site.settings(client))
        words = (
            "45 200",
            "71 %",
            "risque fort",
            "Risque fort",
            "délai de paiement",
            "dette",
            "le risque augmente",
            "m-7",
            "12 300",
            "Part patronale",
            "Activité partielle (heures)",
            "Risque au fil des alertes",
            "auraient réveillé",
        )
        seen, masked = Browser(app).log_in("a.martin"), Browser(app).log_in("e.masked")
        shown = plain(seen.get(FIRM).text + seen.get("/?let=schedule").text)
        assert [word for word in words if word not in shown] == []
        pages = [masked.get(path) for path in ("/", FIRM, "/?q=DUMONT")]
        assert [page.status_code for page in pages] == [200] * 3
        for page in pages:
            assert "DUMONT" in page.text
            assert [word for word in words if word in plain(page.text)] == []
        assert "38" in pages[1].text, "the headcount is everybody's"
        assert "Vos droits ne montrent pas" in pages[1].text
        for query in ("tier=strong", "order=probability"):
            assert masked.get(f"/?{query}").status_code == 403
        page = masked.send(pages[1].text, "take")
        assert page.status_code == 303, "what is masked is no hindrance to work"

    def test_its_redis_user_needs_no_more_than_its_role(
        self, client: redis.Redis, bench: Bench, redis_url: str
    ) -> None:
        site.put(client, bench.metrics, live())
        rights = " ".join(redis_acl.rights(Clearance("console", ("console",), (), ()))).split()
        root: Any = client
        root.execute_command("ACL", "SETUSER", "console", "reset", "on", ">secret", *rights)
        try:
            with connect(redis_url.replace("redis://", "redis://console:secret@"), 5) as own:
                browser = Browser(application(site.settings(own)))
                with browser.http:
                    browser.log_in("a.martin")
                    assert browser.get("/").status_code == 200
                    assert browser.send(browser.get(FIRM).text, "take").status_code == 303
        finally:
            root.execute_command("ACL", "DELUSER", "console")
        assert site.desk(client).get("21", "123456789").holder == "a.martin"

    def test_every_view_is_in_the_log_under_the_name(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        app = application(site.settings(client))
        browser = Browser(app).log_in("a.martin")
        browser.send(browser.get(FIRM).text, "take")
        browser.get("/")
        Browser(app).log_in("d.all").get("/")
        assert audited(client) == [
            ("a.martin@console", "console.login", "person:a.martin", "done"),
            ("a.martin@console", "case.show", "case:21:123456789", "done"),
            ("a.martin@console", "case.take", "case:21:123456789", "done"),
            ("a.martin@console", "case.list", "departments:21", "done"),
            ("d.all@console", "console.login", "person:d.all", "done"),
            ("d.all@console", "case.list", "departments:all", "done"),
        ]

    def test_nothing_is_shown_where_the_log_takes_nothing(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        browser = Browser(application(site.settings(client))).log_in("a.martin")
        client.rename("vigie:audit", "elsewhere")
        client.set("vigie:audit", "of another type")
        for path in ("/", FIRM, "/stream"):
            answer = browser.get(path)
            assert (answer.status_code, "DUMONT" in answer.text) == (503, False), path


class TestSession:
    def test_nothing_without_one(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        browser = Browser(application(site.settings(client)))
        for path, asked_for in (("/", ""), (FIRM, "?" + urlencode({"next": FIRM}))):
            answer = browser.get(path)
            assert (answer.status_code, answer.headers["location"], answer.text) == (303, f"/login{asked_for}", "")
        assert browser.get("/stream").status_code == 403
        assert browser.http.post(f"{FIRM}/take", data={"seen": "1"}).status_code == 403
        browser.http.cookies.set(COOKIE, "guessed", domain="127.0.0.1")
        assert browser.get("/").status_code == 303

    def test_a_form_without_the_sessions_token_is_refused(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        app = application(site.settings(client))
        martin, durand = Browser(app).log_in("a.martin"), Browser(app).log_in("b.durand")
        other = hidden(durand.get(FIRM).text, "csrf")
        for token in ({}, {"csrf": ""}, {"csrf": other}, {"csrf": "é"}):
            for path in (f"{FIRM}/take", "/logout"):
                assert martin.http.post(path, data={"seen": "1", **token}).status_code == 403
        assert Browser(app).http.post("/login", data={"person": "a.martin", "csrf": ""}).status_code == 403
        sent_as_json = martin.http.post(f"{FIRM}/take", json={"csrf": hidden(martin.get(FIRM).text, "csrf")})
        assert sent_as_json.status_code == 400
        assert site.desk(client).get("21", "123456789").state == "new"

    def test_it_ends_by_itself_and_by_logging_out(self, client: redis.Redis) -> None:
        clock = Clock()
        browser = Browser(application(site.settings(client, clock))).log_in("a.martin")
        for _ in range(15):
            clock.now += 1799
            assert browser.get("/").status_code == 200
        clock.now += 1801
        assert browser.get("/").status_code == 303
        browser.log_in("a.martin")
        for _ in range(16):
            clock.now += 1795
            assert browser.get("/").status_code == 200
        clock.now += 100
        assert browser.get("/").status_code == 303, "eight hours at most"
        browser.log_in("a.martin")
        old = browser.http.cookies[COOKIE]
        done = browser.http.post("/logout", data={"csrf": hidden(browser.get("/").text, "csrf")})
        assert (done.status_code, done.headers["clear-site-data"]) == (303, '"cache", "storage"')
        assert audited(client)[-1] == ("a.martin@console", "console.logout", "person:a.martin", "done")
        browser.http.cookies.set(COOKIE, old, domain="127.0.0.1")
        assert browser.get("/").status_code == 303

    def test_logging_in_leads_to_the_page_that_was_asked_for(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        app = application(site.settings(client))
        asked_for = "/?tier=strong&q=DUMONT+%26+CIE"

        def lands(page: str, **changed: str) -> str:
            form = {"csrf": hidden(page, "csrf"), "person": "a.martin", "next": hidden(page, "next")}
            return str(browser.http.post("/login", data=form | changed).headers["location"])

        for path in (FIRM, asked_for, "/glass"):
            browser = Browser(app)
            assert lands(browser.get(browser.get(path).headers["location"]).text) == path
        browser = Browser(app)
        page = browser.get(f"/login?{urlencode({'next': FIRM})}").text
        assert f'href="/login?{urlencode({"next": FIRM})}&amp;lang=en"' in page
        for hostile in ("//evil.example", "https://evil.example/", "/\\evil.example", f"{FIRM}\r\nSet-Cookie: a=b"):
            assert hidden(browser.get(f"/login?{urlencode({'next': hostile})}").text, "next") == "/"
            assert lands(page, next=hostile) == "/"
            page = browser.get("/login").text

    def test_cookies_and_headers(self, client: redis.Redis) -> None:
        browser = Browser(application(site.settings(client)))
        page = browser.get("/login")
        done = browser.http.post("/login", data={"csrf": hidden(page.text, "csrf"), "person": "a.martin"})
        for cookie in [*page.headers.get_list("set-cookie"), *done.headers.get_list("set-cookie")]:
            assert "httponly" in cookie.lower()
            assert "samesite=strict" in cookie.lower()
        assert COOKIE in done.headers["set-cookie"]
        for path in ("/", "/login", "/nowhere", "/static/console.css", "/static/console.js", "/?tier=x"):
            answer = browser.get(path)
            assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS, path

    def test_another_sites_name_for_this_machine_is_refused(self, client: redis.Redis) -> None:
        browser = Browser(application(site.settings(client)), Host="evil.example")
        assert browser.get("/login").status_code == 400

    def test_nobody_else_can_be_chosen(self, client: redis.Redis) -> None:
        browser = Browser(application(site.settings(client)))
        form = {"csrf": hidden(browser.get("/login").text, "csrf"), "person": "vigie"}
        assert browser.http.post("/login", data=form).status_code == 403
