"""The API as programs see it, on real cases."""

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts import audit
from alerts.alert import Theme
from alerts.api import tokens
from alerts.api.limits import Limits
from alerts.connect import connect
from alerts.errors import RedisUnavailable
from alerts.listing import ORDERS, Query, everything
from alerts.masking import ALL_DATA
from alerts.notices import NoticeOptions
from alerts.routing import QUEUES, TOKENS_KEY
from detectors.errors import UnusableInput
from tests.alerts.api.asking import Program, token
from tests.alerts.console import site
from tests.alerts.making import NOW, evidence, live
from tests.alerts.publishing import Bench
from tests.alerts.server import free_port

FIRM = "21/123456789"


def refused(answer: Any, status: int, kind: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    content: dict[str, Any] = answer.json()
    assert (content["type"], content["status"]) == (f"urn:vigie:problem:{kind}", status)
    assert content["title"]
    return content


def many(client: redis.Redis, bench: Bench, count: int = 23) -> None:
    """Firms of departments 13, 21 and 75, in turn; some are in two."""
    site.put(
        client,
        bench.metrics,
        *(
            live(
                id=f"a-{n}",
                siren=f"{n // 2:09d}",
                name=None if n % 5 == 0 else f"FIRME {n % 4}",
                department=("13", "21", "75")[n % 3],
                probability=0.2 + (n % 6) / 10,
                tier="strong" if n % 2 else "moderate",
                raised_at=NOW,
                as_of=(NOW - timedelta(days=1 + n % 3)).date(),
            )
            for n in range(count)
        ),
    )


class TestReading:
    def test_a_case_with_all_that_belongs_to_it(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live(), live(1, kind="jump", probability=0.5))
        program = Program(client, token(client))
        shown = program.get(f"/cases/{FIRM}").json()
        assert (shown["case"]["name"], shown["case"]["alerts"]) == ("ATELIERS DUMONT", 2)
        assert shown["measures"][0]["code"] == "delai-urssaf"
        assert shown["measures"][0]["pay_first"] == 8100.0
        entries = program.get(f"/cases/{FIRM}/history").json()["entries"]
        assert [(entry["action"], entry["after"]) for entry in entries] == [("opened", "new"), ("rose", "new")]
        assert [alert["id"] for alert in program.get(f"/cases/{FIRM}/alerts").json()["alerts"]] == [
            "alert-0",
            "alert-1",
        ]
        assert program.get("/me").json()["rights"] == ["read"]
        assert len(program.get("/measures").json()["measures"]) == 12
        logged = [audit.decode(item.entry) for item in audit.stored(client, where="here")]
        assert [(one.actor, one.action) for one in logged] == [
            ("api:codefi@api", f"case.{name}") for name in ("show", "history", "alerts")
        ]

    def test_what_is_not_there(self, client: redis.Redis) -> None:
        program = Program(client, token(client))
        refused(program.get(f"/cases/{FIRM}"), 404, "not-found")
        refused(program.get("/cases/21/12345678"), 404, "not-found")
        refused(program.get("/nowhere"), 404, "not-found")
        answer = program.http.delete("/api/v1/cases")
        refused(answer, 405, "method")
        assert "GET" in answer.headers["allow"]

    @pytest.mark.parametrize(
        "parameters",
        [
            {"tier": "high"}, {"limit": "0"}, {"limit": "501"}, {"limit": "x"}, {"since": "hier"}, {"order": "x"},
            {"unknown": "1"}, {"cursor": "§"}, {"cursor": "AAAA"}, {"min_debt": "nan"}, {"siren": "12"},
            {"siren": ["123456789", "123456780"]}, {"sector": "industry"}, {"all": "perhaps"},
        ],
    )  # fmt: skip
    def test_what_is_not_understood_is_refused(self, client: redis.Redis, parameters: dict[str, Any]) -> None:
        refused(Program(client, token(client)).get("/cases", **parameters), 400, "request")

    def test_filters_are_those_of_the_list(self, client: redis.Redis, bench: Bench) -> None:
        many(client, bench)
        program = Program(client, token(client, departments=("13", "21")))
        found = program.get("/cases", tier="strong", department=["13"], order="name").json()
        wanted = site.desk(client).listed(Query(departments=("13",), tiers=("strong",), order="name"))
        assert [case["siren"] for case in found["cases"]] == [case.siren for case in wanted.cases]
        assert (found["total"], found["next"]) == (wanted.total, None)
        assert program.get("/cases", all=True).json()["total"] == 16
        assert program.get("/cases", q="x").status_code == 400

    @settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(order=st.sampled_from(ORDERS), limit=st.integers(1, 9))
    def test_pages_hold_every_case_once_in_order(
        self, client: redis.Redis, bench: Bench, order: Any, limit: int
    ) -> None:
        if not client.exists(TOKENS_KEY):
            many(client, bench)
            # Of two of the three departments the cases have numbers.
            site.desk(client).sweep(NoticeOptions(), ("13", "75"))
            _PROGRAMS[0] = Program(client, token(client, departments=QUEUES), api_rate=100_000)
        program, cursor, seen = _PROGRAMS[0], None, []
        while True:
            chosen = {"order": order, "limit": limit} | ({"cursor": cursor} if cursor else {})
            page = program.get("/cases", **chosen).json()
            seen += [(case["department"], case["siren"]) for case in page["cases"]]
            cursor = page["next"]
            if cursor is None:
                break
        wanted = site.desk(client).listed(Query(order=order)).cases
        assert len(seen) == len(wanted) == page["total"]
        assert {*seen} == {(case.department, case.siren) for case in wanted}
        assert [siren for _, siren in seen] == [case.siren for case in wanted], "in the order of the list"

    def test_a_case_that_goes_meanwhile_moves_no_other(self, client: redis.Redis, bench: Bench) -> None:
        many(client, bench)
        program = Program(client, token(client, departments=QUEUES, rights=("act",)))
        first = program.get("/cases", limit=5).json()
        gone = first["cases"][0]
        assert program.do(f"{gone['department']}/{gone['siren']}", "withdraw", months=3).status_code == 200
        rest = program.get("/cases", limit=500, cursor=first["next"]).json()
        assert len(first["cases"]) + len(rest["cases"]) == 23
        other = program.get("/cases", order="name", cursor=first["next"])
        assert other.status_code in (200, 400), "a cursor of another order harms nothing"


_PROGRAMS: dict[int, Program] = {}


class TestActing:
    def test_a_case_to_its_end(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        program = Program(client, token(client, rights=("act",)))
        done = program.do(FIRM, "take", seen=1).json()
        assert (done["case"]["state"], done["case"]["holder"]) == ("taken", "api:codefi")
        assert program.do(FIRM, "take").json()["entry"] is None, "done already"
        assert program.do(FIRM, "propose", measure="ccsf").status_code == 200
        refused(program.do(FIRM, "propose", measure="luck"), 400, "request")
        assert program.do(FIRM, "answer", measure="ccsf", outcome="accorde").status_code == 200
        assert program.do(FIRM, "close", outcome="besoin").json()["case"]["state"] == "closed"

    def test_a_stale_action_is_told_how_the_case_stands(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        first = Program(client, token(client, rights=("act",)))
        second = Program(client, token(client, "ddets", rights=("act",)))
        assert first.do(FIRM, "take", seen=1).status_code == 200
        stale = refused(second.do(FIRM, "take", seen=1), 409, "stale")
        assert (stale["case"]["holder"], stale["case"]["version"]) == ("api:codefi", 2)
        assert "api:codefi" in stale["detail"]
        assert refused(second.do(FIRM, "take"), 409, "held")["case"]["state"] == "taken"
        refused(first.do(FIRM, "follow", motive="humeur"), 422, "value")
        refused(first.do(FIRM, "close", outcome="ok", comment="x" * 2001), 422, "value")
        first.do(FIRM, "close", outcome="ok")
        refused(first.do(FIRM, "close", outcome="besoin"), 409, "state")

    def test_what_is_no_action_is_refused(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        program = Program(client, token(client, rights=("act",)))
        address = f"/api/v1/cases/{FIRM}/actions"
        for content in (b"", b"{", b"[]", b'{"action": {"type": "erase"}}', b'{"action": {}, "seen": -1}', b"[" * 9000):
            sent = program.http.post(address, content=content, headers={"Content-Type": "application/json"})
            refused(sent, 400, "request")
        refused(program.http.post(address, data={"action": "take"}), 415, "media-type")
        large = program.http.post(address, content=b" " * 70_000, headers={"Content-Type": "application/json"})
        refused(large, 413, "too-large")
        assert site.desk(client).get("21", "123456789").version == 1


class TestScope:
    def test_a_token_of_75_never_receives_a_byte_of_13(self, client: redis.Redis, bench: Bench) -> None:
        """Whatever it asks for: firms of 13 have a name that nothing else has."""
        mark = "MARSEILLAISE"
        site.put(
            client,
            bench.metrics,
            live(id="of-13", siren="130000000", department="13", name=mark, activity="13.13Z"),
            live(id="of-75", siren="750000000", department="75", name="PARISIENNE"),
            live(id="of-both", siren="130000000", department="75", name="PARISIENNE"),
        )
        allowed = Program(client, token(client, "of-13", ("13",), ("act", "export")))
        assert mark in allowed.get("/cases").text
        assert allowed.do("13/130000000", "note", comment=mark).status_code == 200
        program = Program(client, token(client, "of-75", ("75",), ("act", "export")))
        lists: list[dict[str, Any]] = [
            {}, {"all": True}, {"siren": "130000000"}, {"name": mark[:8]}, {"name": mark[:8], "all": True},
            {"sector": "13"}, {"department": ["13"]}, {"department": ["75", "13"]}, {"department": ["unknown"]},
            {"holder": "api:of-13"},
            *({"order": order} for order in ORDERS),
        ]  # fmt: skip
        answers = [program.get(path, **one) for path in ("/cases", "/export") for one in lists]
        case = "/cases/13/130000000"
        answers += [program.get(path) for path in (case, f"{case}/history", f"{case}/alerts", "/cases/13/139999999")]
        answers += [program.do("13/130000000", kind) for kind in ("take", "note", "vote")]
        answers += [program.do("13/130000000", "take", seen=1), program.get("/cases/75/130000000/history")]
        answers += [program.get(path) for path in ("/me", "/measures", "/openapi.json", "/cases/13%2F130000000")]
        for answer in answers:
            assert mark not in answer.text + str(answer.headers), answer.url
            assert '"department":"13"' not in answer.text
        assert {answer.status_code for answer in answers} == {200, 400, 403}
        for path in (case, "/cases/13/139999999"):
            refused(program.get(path), 403, "scope")
        entries = [audit.decode(item.entry) for item in audit.stored(client, where="here")]
        assert ("api:of-75@api", "refused") in {(one.actor, one.outcome) for one in entries}
        assert site.desk(client).get("13", "130000000").version == 2, "and nothing was done there"

    def test_who_once_held_a_case_sees_it_in_its_zone_alone(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live(department="13"))
        first = token(client, "moved", ("13",), ("act",))
        assert Program(client, first).do("13/123456789", "take").status_code == 200
        (made,) = tokens.listed(client, where="here")
        assert tokens.revoke(client, made.id, where="here")
        refused(Program(client, first).get("/me"), 401, "token")
        again = Program(client, token(client, "moved", ("75",), ("act",)))
        refused(again.get("/cases/13/123456789"), 403, "scope")

    def test_rights_are_what_was_given(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        reader = Program(client, token(client))
        refused(reader.do(FIRM, "take"), 403, "scope")
        refused(reader.get("/export"), 403, "scope")
        exporter = Program(client, token(client, "bdf", rights=("export",)))
        answer = exporter.get("/export", tier="strong")
        assert answer.headers["content-disposition"] == 'attachment; filename="vigie.csv"'
        rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""), delimiter=";"))
        assert rows[-1][0] == "123456789"
        assert exporter.get("/export", format="xlsx").content[:2] == b"PK"

    def test_what_is_masked_is_absent(self, client: redis.Redis, bench: Bench) -> None:
        told = evidence(debt_employee_euros=8100.0, debt_employer_euros=45_200.0, headcount=38.0)
        site.put(client, bench.metrics, live(evidence=told, themes=[Theme("debt", 1.1)]))
        program = Program(client, token(client, data=frozenset({"dgefp"}), rights=("export",)))
        texts = [program.get(path).text for path in (f"/cases/{FIRM}", f"/cases/{FIRM}/alerts", "/cases")]
        for text in texts:
            for secret in ("probability", '"tier"', "8100", "45200", "53300", "debt_e", "dette"):
                assert secret not in text, secret
        refused(program.get("/cases", tier="strong"), 403, "scope")
        refused(program.get("/cases", min_debt=1), 403, "scope")
        refused(program.get("/export"), 403, "scope")


class TestTokens:
    def test_nobody_gets_in_without_a_token_that_lasts(self, client: redis.Redis, bench: Bench) -> None:
        site.put(client, bench.metrics, live())
        text = token(client)
        head, _, secret = text.rpartition("_")
        wrong = f"{head}_{'A' * len(secret)}"
        for header in ("", text, f"Basic {text}", "Bearer", f"Bearer {wrong}", f"Bearer {text}x", "Bearer vigie_x_y"):
            program = Program(client, "")
            answer = program.http.get("/api/v1/cases", headers={"Authorization": header})
            refused(answer, 401, "token")
            assert answer.headers["www-authenticate"] == "Bearer"
        refused(Program(client, token(client, "old", days=10)).get("/cases"), 401, "token")
        assert Program(client, token(client, "new", days=11)).get("/cases").status_code == 200
        assert Program(client, "").http.get("/api/v1/openapi.json").status_code == 200, "it holds no data"

    def test_redis_keeps_nothing_that_lets_anybody_in(self, client: redis.Redis) -> None:
        secret = token(client).rpartition("_")[2]
        kept = str(client.hgetall(TOKENS_KEY))
        assert secret not in kept
        assert "codefi" in kept

    def test_what_no_token_can_be_is_told(self, client: redis.Redis) -> None:
        token(client)
        for wrong in ({"name": "Codefi"}, {"days": 0}, {"days": 367}, {"departments": ()}, {"name": "codefi"}):
            with pytest.raises(UnusableInput):
                token(client, **({"name": "other"} | wrong))
        assert len(tokens.listed(client, where="here")) == 1

    def test_a_token_asks_so_often_and_the_others_as_often(self, client: redis.Redis) -> None:
        program = Program(client, token(client), api_rate=3)
        assert [program.get("/me").status_code for _ in range(3)] == [200] * 3
        answer = program.get("/me")
        refused(answer, 429, "rate")
        assert 1 <= int(answer.headers["retry-after"]) <= 20
        other = token(client, "other")
        assert program.http.get("/api/v1/me", headers={"Authorization": f"Bearer {other}"}).status_code == 200

    @given(st.lists(st.floats(0, 30), max_size=80), st.integers(1, 20))
    def test_no_more_than_the_rate_is_let_through(self, pauses: list[float], per_minute: int) -> None:
        limits, now, let = Limits(per_minute), 0.0, []
        for pause in pauses:
            now += pause
            wait = limits.wait_seconds("t", now)
            if not wait:
                let.append(now)
            else:
                assert limits.wait_seconds("t", now + wait + 1e-6) == 0
                let.append(now + wait)
                now += wait + 1e-6
        for moment in let:
            assert sum(moment - 60 < other <= moment for other in let) <= 2 * per_minute + 1

    def test_redis_away_is_told(self, client: redis.Redis) -> None:
        text = token(client)
        with connect(f"redis://127.0.0.1:{free_port()}/0", 1) as nobody:
            answer = Program(nobody, text).get("/me")
            refused(answer, 503, "unavailable")
            assert answer.headers["retry-after"] == "1"
            with pytest.raises(RedisUnavailable):
                tokens.listed(nobody, where="here")


def test_no_answer_is_kept_by_anybody(client: redis.Redis) -> None:
    answer = Program(client, token(client)).get("/me")
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert {*answer.json()["data"]} == ALL_DATA
    assert everything(Query()).states == ()
