"""The desk on a real server."""

import itertools
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
import redis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from alerts.actions import (
    Action,
    Actor,
    Answer,
    CastVote,
    Close,
    Follow,
    Note,
    Propose,
    Release,
    Snooze,
    Take,
    Withdraw,
)
from alerts.alert import Alert, encode
from alerts.case_store import RANKED
from alerts.case_wording import entry_line
from alerts.cases import Case, decode
from alerts.connect import connect
from alerts.desk import Desk
from alerts.errors import ActionRefused, AlertNotFound, CaseNotFound, RedisRefused, RedisUnavailable
from alerts.history import Entry
from alerts.holds import HOLDS
from alerts.joining import join
from alerts.listing import Query, everything
from alerts.metrics import AlertMetrics
from alerts.notices import NoticeOptions
from alerts.publish import publish
from alerts.routing import (
    QUEUES,
    actions_key,
    case_key,
    cases_key,
    desk_key,
    order_key,
    patterns,
    stream_key,
    trail_key,
)
from tests.alerts.making import LIVE_DAYS, NOW, evidence, live, lowered
from tests.alerts.publishing import Bench
from tests.alerts.samples import many
from tests.alerts.server import free_port

MARTIN, DURAND = Actor("a.martin"), Actor("b.durand")
FIRM = "123456789"


def desk_of(client: redis.Redis, now: Callable[[], datetime] = lambda: NOW, **settings: Any) -> Desk:
    return Desk(client, where="here", clock=now, **settings)


def put(
    client: redis.Redis,
    metrics: AlertMetrics,
    *alerts: Alert,
    notices: NoticeOptions | None = None,
    notify: bool = True,
) -> None:
    """Publish, at the moment of the last alert."""
    moment = alerts[-1].raised_at.timestamp()
    publish(
        client,
        [encode(alert) for alert in alerts],
        where="here",
        metrics=metrics,
        clock=lambda: moment,
        notices=notices or NoticeOptions(),
        notify=notify,
    )


def told(desk: Desk, department: str = "21") -> list[tuple[str, str]]:
    return [(entry.action, entry.details.get("notice", "")) for entry in desk.since(department)]


def test_history_is_read_in_parts(client: redis.Redis, bench: Bench) -> None:
    desk = desk_of(client)
    put(client, bench.metrics, live())
    for number in range(4):
        desk.act("21", FIRM, Note(f"note {number}"), MARTIN)
    whole = desk.since("21")
    first = desk.since("21", limit=2)
    assert [*first, *desk.since("21", first[-1].id, 3)] == whole
    assert desk.latest(desk.listed(Query()).cases)[whole[0].details["alert"]].alert == live()


def test_a_case_from_its_alert_to_its_end(client: redis.Redis, bench: Bench) -> None:
    recorded: list[Entry] = []
    desk = desk_of(client, record=recorded.append)
    put(client, bench.metrics, live(), live(1, kind="jump", probability=0.5))
    [case] = desk.listed(Query()).cases
    assert (case.siren, case.alerts, case.version) == (FIRM, 2, 2)
    assert desk.act("21", FIRM, Take("je regarde"), MARTIN, seen=2).case.state == "taken"
    desk.act("21", FIRM, Follow("detection", "rendez-vous le 12"), MARTIN)
    desk.act("21", FIRM, Note("en copie"), DURAND)
    desk.act("21", FIRM, CastVote(True), MARTIN)
    done = desk.act("21", FIRM, Close("besoin", "CCSF saisie"), MARTIN)
    assert (done.case.state, desk.listed(Query()).total) == ("closed", 0)
    assert desk.act("21", FIRM, Close("besoin", "CCSF saisie"), MARTIN).entry is None, "done already"
    history = desk.history("21", FIRM)
    assert [entry.action for entry in history] == ["opened", "rose", "take", "follow", "note", "vote", "close"]
    assert [entry.version for entry in history] == list(range(1, 8))
    assert [entry.by for entry in history[2:]] == ["a.martin", "a.martin", "b.durand", "a.martin", "a.martin"]
    assert recorded == history[2:]
    assert history[-1].state == done.case
    assert history[2].details == {"comment": "je regarde"}
    assert [item.alert.id for item in desk.alerts("21", FIRM)] == ["alert-0", "alert-1"]
    assert desk.of_alert("alert-0")[1] == done.case
    put(client, bench.metrics, live(2, kind="jump", probability=0.9))
    assert desk.get("21", FIRM).number == 2
    assert [case.number for case in desk.listed(everything(Query(siren=FIRM))).cases] == [2]
    assert desk.listed(Query()).held == {"known": 1}


def test_a_thousand_races_have_one_winner_each(client: redis.Redis, redis_url: str, bench: Bench) -> None:
    firms = [f"{number:09d}" for number in range(1000)]
    batch = [live(id=f"race-{firm}", siren=firm) for firm in firms]
    put(client, bench.metrics, *batch)
    barrier = threading.Barrier(2, timeout=60)
    wins: dict[str, list[str]] = {"a.martin": [], "b.durand": []}
    told_of: dict[str, list[str | None]] = {"a.martin": [], "b.durand": []}

    def race(agent: str) -> None:
        with connect(redis_url, 30) as own:
            desk = desk_of(own)
            for firm in firms:
                barrier.wait()
                try:
                    desk.act("21", firm, Take(), Actor(agent))
                    wins[agent].append(firm)
                except ActionRefused as error:
                    told_of[agent].append(error.refusal.case.holder)

    racers = [threading.Thread(target=race, args=(agent,)) for agent in wins]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(wins["a.martin"] + wins["b.durand"]) == firms
    assert told_of == {
        "a.martin": ["b.durand"] * len(wins["b.durand"]),
        "b.durand": ["a.martin"] * len(wins["a.martin"]),
    }
    for agent, won in wins.items():
        held = desk_of(client).listed(Query(holder=agent)).cases
        assert sorted(case.siren for case in held) == sorted(won)
    assert client.xlen(actions_key("21")) == 2000, "an opening and a taking each"


def test_what_an_agent_did_not_see_is_refused_with_what_is(client: redis.Redis, bench: Bench) -> None:
    desk = desk_of(client)
    put(client, bench.metrics, live())
    desk.act("21", FIRM, Snooze("congés"), MARTIN, seen=1)
    before = client.dump(case_key("21", FIRM))
    with pytest.raises(ActionRefused, match="has changed since you looked at it; it is now snoozed") as raised:
        desk.act("21", FIRM, Take(), DURAND, seen=1)
    assert (raised.value.refusal.reason, raised.value.refusal.case) == ("stale", desk.get("21", FIRM))
    assert client.dump(case_key("21", FIRM)) == before
    for department, firm in (("75", FIRM), ("21", "987654321")):
        with pytest.raises(CaseNotFound, match=f"firm {firm} in department {department}"):
            desk.act(department, firm, Take(), MARTIN)
    with pytest.raises(AlertNotFound):
        desk.of_alert("nope")


def test_cases_in_redis_are_those_of_the_rule_alone_whatever_agents_do_meanwhile(
    client: redis.Redis, bench: Bench
) -> None:
    @settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        steps=st.lists(
            st.one_of(
                st.tuples(st.sampled_from(("111111111", "222222222")), st.sampled_from(("strong", "moderate", "none"))),
                st.sampled_from((Take(), Follow(), Snooze("x"), Withdraw(3), Close("ok"), Release("erreur"))),
            ),
            max_size=25,
        ),
        cut=st.integers(1, 5),
    )
    def hold(steps: list[Any], cut: int) -> None:
        client.flushdb()
        desk = desk_of(client)
        rule: dict[str, Case] = {}
        batch: list[bytes] = []
        for place, step in enumerate(steps):
            if isinstance(step, tuple):
                firm, tier = step
                kind = "lowered" if tier == "none" else "raised"
                alert = live(0, id=f"id-{place}", siren=firm, tier=tier, kind=kind)
                rule[firm] = join(rule.get(firm), alert, "21", LIVE_DAYS).case
                batch.append(encode(alert))
            else:
                bench.publish(batch[:cut], batch, batch)
                try:
                    rule["111111111"] = desk.act("21", "111111111", step, MARTIN).case
                except (ActionRefused, CaseNotFound):
                    continue
        bench.publish(batch)
        for firm, case in rule.items():
            stored = client.get(case_key("21", firm))
            assert stored is not None
            assert decode(stored) == case

    hold()


def test_the_budget_is_pushed_and_the_rest_waits_for_the_digest(client: redis.Redis, bench: Bench) -> None:
    small = NoticeOptions(alert_budget=3)
    put(client, bench.metrics, *(live(0, id=f"b-{n}", siren=f"{n:09d}") for n in range(5)), notices=small)
    april = [live(24 * 31, id=f"a-{n}", siren=f"{n + 9:09d}") for n in range(2)]
    put(client, bench.metrics, *april, notices=small)
    desk = desk_of(client)
    assert [notice for _, notice in told(desk)] == ["push"] * 3 + ["digest"] * 2 + ["push"] * 2
    assert {entry.details["why"] for entry in desk.since("21") if entry.details["notice"] == "digest"} == {"budget"}
    assert (desk.counts()["pushed:2026-03"], desk.counts()["pushed:2026-04"]) == (3, 2)
    assert bench.value("vigie_alerts_notices_total", notice="push") == 5


def test_nobody_is_told_of_repeats_backfills_and_rebuilds(client: redis.Redis, bench: Bench) -> None:
    desk = desk_of(client)
    put(client, bench.metrics, live(), live(1), live(2, kind="jump", probability=0.9))
    put(client, bench.metrics, live(3, siren="2" * 9, as_of=NOW.date() - timedelta(days=90)))
    put(client, bench.metrics, live(4, siren="3" * 9), notify=False)
    put(client, bench.metrics, lowered(5, siren="3" * 9))
    late = live(6, siren="4" * 9)
    publish(client, [encode(late)], where="here", metrics=bench.metrics, clock=lambda: NOW.timestamp() + 5 * 86_400)
    entries = [(entry.action, entry.details["notice"], entry.details["why"]) for entry in desk.since("21")]
    assert entries == [
        ("opened", "push", ""),
        ("joined", "none", "repeat"),
        ("rose", "push", ""),
        ("opened", "none", "backfill"),
        ("opened", "none", "rebuild"),
        ("ended", "none", "repeat"),
        ("opened", "digest", "late"),
    ]


def test_time_brings_back_and_escalates_what_waits(client: redis.Redis, bench: Bench) -> None:
    put(client, bench.metrics, *(live(0, id=f"e-{n}", siren=f"{n:09d}") for n in range(4)))
    put(client, bench.metrics, live(0, id="m", siren="9" * 9, tier="moderate"))
    desk = desk_of(client)
    desk.act("21", f"{0:09d}", Take(), MARTIN)
    desk.act("21", f"{1:09d}", Snooze("x", (NOW + timedelta(days=2)).date()), MARTIN)
    desk.act("21", f"{2:09d}", Withdraw(None), MARTIN)
    assert desk.sweep(NoticeOptions()) == []
    later = desk_of(client, lambda: NOW + timedelta(days=4))
    assert {(e.action, e.siren) for e in later.sweep(NoticeOptions())} == {
        ("returned", f"{1:09d}"),
        ("escalated", f"{3:09d}"),
    }
    assert later.sweep(NoticeOptions()) == []
    assert [case.siren for case in later.listed(Query(escalated=True)).cases] == [f"{3:09d}"]
    last = desk_of(client, lambda: NOW + timedelta(days=9))
    assert [(e.action, e.siren, e.details["notice"]) for e in last.sweep(NoticeOptions())] == [
        ("escalated", f"{1:09d}", "push")
    ]
    assert last.sweep(NoticeOptions(escalate_after_hours=0)) == []


def test_who_takes_a_case_and_forgets_it_is_reminded_then_loses_it(client: redis.Redis, bench: Bench) -> None:
    put(client, bench.metrics, live(), live(0, id="other", siren="2" * 9))
    desk_of(client).act("21", FIRM, Take(), MARTIN)
    desk_of(client).act("21", "2" * 9, Follow(), MARTIN)
    options, days = NoticeOptions(escalate_after_hours=0), [0.0]
    desk = desk_of(client, lambda: NOW + timedelta(days=days[0]))

    def swept(day: float, options: NoticeOptions = options) -> list[tuple[str, str]]:
        days[0] = day
        return [(entry.action, entry.siren) for entry in desk.sweep(options)]

    assert swept(13.9) == []
    assert swept(14.1, NoticeOptions(escalate_after_hours=0, remind_after_days=0)) == []
    assert swept(14.1) == [("reminded", FIRM)]
    assert swept(20) == [], "once"
    desk.act("21", FIRM, Note("appel"), MARTIN)
    assert swept(33) == [], "an action counts"
    assert swept(35) == [("reminded", FIRM)]
    assert swept(49) == []
    assert swept(51, NoticeOptions(escalate_after_hours=0, release_after_days=0)) == []
    assert swept(51) == [("forgotten", FIRM)]
    case = desk.get("21", FIRM)
    assert (case.state, case.holder, case.by) == ("new", None, "vigie")
    assert swept(400) == [], "what is followed is kept"
    told = [entry for entry in desk.history("21", FIRM) if entry.action in ("reminded", "forgotten")]
    assert [(entry.details["holder"], entry.details["notice"]) for entry in told] == [("a.martin", "digest")] * 3
    assert "a.martin" in entry_line(told[-1], "fr")
    assert desk.act("21", FIRM, Take(), DURAND).case.holder == "b.durand"


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["21", "71"])), min_size=1, max_size=9), st.integers(1, 4))
def test_closed_cases_are_the_same_a_page_at_a_time(
    client: redis.Redis, bench: Bench, closings: list[tuple[int, str]], limit: int
) -> None:
    client.flushdb()
    firms = [f"{place:09d}" for place in range(len(closings))]
    alerts = [
        live(0, id=f"a{siren}", siren=siren, department=where)
        for siren, (_, where) in zip(firms, closings, strict=True)
    ]
    # Besides: one that is open, and one that was never a case.
    put(client, bench.metrics, *alerts, live(0, id="open", siren="7" * 9), lowered(0, id="none", siren="8" * 9))
    for siren, (hours, where) in zip(firms, closings, strict=True):
        desk = desk_of(client, partial(NOW.__add__, timedelta(hours=hours)))
        desk.act(where, siren, Take(), MARTIN)
        desk.act(where, siren, Close("besoin"), MARTIN)
    desk, query = desk_of(client), Query(departments=("21", "71"), states=("closed",))
    whole = desk.listed(query)
    pages = [desk.listed(query, limit=limit, start=start) for start in range(0, len(firms), limit)]
    assert [case for page in pages for case in page.cases] == whole.cases
    assert {page.total for page in pages} == {len(firms)}
    assert [page.next for page in pages][-1] is None
    assert whole.cases == sorted(whole.cases, key=lambda case: (-case.since.timestamp(), case.siren))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_the_list_is_the_same_a_page_at_a_time_over_departments(
    client: redis.Redis, bench: Bench, data: st.DataObject
) -> None:
    client.flushdb()
    queues = ("21", "71", "2A")
    moment = [NOW]
    desk = desk_of(client, lambda: moment[0])
    kinds = st.tuples(st.sampled_from(queues), st.integers(0, 9), st.sampled_from([0.2, 0.34, 0.35]), st.booleans())
    put(
        client,
        bench.metrics,
        *(
            live(
                number,
                id=f"a-{number}",
                siren=f"{firm:09d}",
                department=queue,
                probability=chance,
                tier="strong" if strong else "moderate",
                evidence=evidence(schedule_running=float(firm % 4 == 0)),
            )
            for number, (queue, firm, chance, strong) in enumerate(data.draw(st.lists(kinds, min_size=1, max_size=40)))
        ),
    )
    # From here on the departments are read by numbers, which alerts and actions keep up.
    desk.sweep(NoticeOptions(), queues[: data.draw(st.integers(0, 3))])
    firms = sorted((case.department, case.siren) for case in desk.listed(everything(Query())).cases)
    actions: st.SearchStrategy[Action] = st.sampled_from(
        [Take(), Take(), Follow(), Snooze("vu"), Withdraw(3), Close("ok"), Release("erreur")]
    )
    for firm, action in data.draw(st.lists(st.tuples(st.sampled_from(firms), actions), max_size=20)):
        with suppress(ActionRefused):
            desk.act(*firm, action, MARTIN)
    if data.draw(st.booleans()):
        # As an older version, or another Redis, would leave it.
        client.delete(order_key("21"))
        client.zadd(order_key("71"), {f"{firm:09d}": firm for firm in range(12)})
        client.hdel(desk_key("21"), RANKED)
        client.hdel(desk_key("71"), RANKED)
        if data.draw(st.booleans()):
            desk.sweep(NoticeOptions())
    for later in (0, 300):
        moment[0] = NOW + timedelta(days=later)
        for let_through in ((), ("schedule",), HOLDS):
            query = Query(departments=queues, let_through=let_through)
            whole = desk.listed(query)
            found: list[Case] = []
            start: int | None = 0
            while start is not None:
                page = desk.listed(query, start=start, limit=3)
                assert (page.total, page.held) == (whole.total, whole.held)
                found, start = found + page.cases, page.next
            assert found == whole.cases
        by_name = Query(departments=queues, order="name")
        mine = desk.listed(replace(by_name, holder="a.martin"))
        assert mine.cases == [case for case in desk.listed(by_name).cases if case.holder]


def test_a_number_that_is_no_longer_true_costs_time_and_no_case(client: redis.Redis, bench: Bench) -> None:
    put(client, bench.metrics, *(live(n, id=f"{n}", siren=f"{n:09d}") for n in range(5)))
    desk = desk_of(client)
    desk.sweep(NoticeOptions())
    kept: Any = client.zscore(order_key("21"), "000000002")
    for action in (Take(), Close("ok")):
        desk.act("21", "000000002", action, MARTIN)
    # A program of an older version would have left it.
    client.zadd(order_key("21"), {"000000002": kept})
    page = desk.listed(Query(), limit=10)
    assert ([case.siren for case in page.cases], page.total) == ([f"{n:09d}" for n in (0, 1, 3, 4)], 4)
    desk.sweep(NoticeOptions())
    assert client.zscore(order_key("21"), "000000002") is None


def test_a_page_reads_no_more_than_it_needs(client: redis.Redis, bench: Bench) -> None:
    alerts = [live(n, id=f"{n}", siren=f"{n:09d}", department=QUEUES[n % 20], probability=n / 600) for n in range(600)]
    put(client, bench.metrics, *alerts)
    desk = desk_of(client)
    desk.sweep(NoticeOptions())
    client.config_resetstat()
    assert [int(case.siren) for case in desk.listed(Query(), limit=10).cases] == [*range(599, 589, -1)]
    stats: Any = client.info("commandstats")
    assert stats["cmdstat_mget"]["calls"] == 10
    client.config_resetstat()
    assert [int(case.siren) for case in desk.listed(Query(), limit=10, start=590).cases] == [*range(9, -1, -1)]
    stats = client.info("commandstats")
    assert stats["cmdstat_mget"]["calls"] == 10


def test_a_firm_that_moves_leaves_its_old_department(client: redis.Redis, bench: Bench) -> None:
    put(client, bench.metrics, live(), live(1, department="75"))
    put(client, bench.metrics, live(2, siren="2" * 9), live(3, siren="2" * 9, department="75"))
    desk = desk_of(client)
    desk.act("21", "2" * 9, Take(), MARTIN)
    assert [case.department for case in desk.find(FIRM)] == ["75", "21"]
    assert [(entry.action, entry.queue) for entry in desk.sweep(NoticeOptions())] == [("moved", "21")]
    assert desk.get("21", FIRM).outcome == "moved"
    assert desk.get("21", "2" * 9).holder == "a.martin", "who holds a case ends it"


def test_alerts_of_a_version_without_cases_get_theirs_before_the_next_one(client: redis.Redis, bench: Bench) -> None:
    old = [live(n, siren=f"{n % 150:09d}") for n in range(500)]
    for place, alert in enumerate(old):
        client.xadd(stream_key("21"), {"alert": encode(alert)}, id=f"1-{place + 1}")
        client.xadd(stream_key("21"), {"alert": "broken"}, id=f"1-{place + 1001}") if place == 499 else None
    client.xadd(stream_key("33"), {"alert": encode(live(0, department="33"))})
    put(client, bench.metrics, live(600, siren=f"{0:09d}"))
    desk = desk_of(client)
    cases = desk.listed(everything(Query(departments=("21",)))).cases
    assert sum(case.received for case in cases) == 501
    assert {case.alerts for case in cases} == {3, 4, 5}
    assert {notice for _, notice in told(desk)[:-1]} == {"none"}
    assert len(desk.alerts("21", f"{0:09d}")) == 5
    desk.sweep(NoticeOptions())
    assert desk.get("33", FIRM).alerts == 1


def test_votes_and_outcomes_are_counted_once_an_agent(client: redis.Redis, bench: Bench) -> None:
    put(client, bench.metrics, live())
    desk = desk_of(client)
    desk.act("21", FIRM, CastVote(True), MARTIN)
    desk.act("21", FIRM, CastVote(False, "trop_tard"), MARTIN)
    desk.act("21", FIRM, CastVote(True), DURAND)
    desk.act("21", FIRM, Take(), MARTIN)
    desk.act("21", FIRM, Release("inadequat"), MARTIN)
    desk.act("21", FIRM, Withdraw(6), DURAND)
    counts = desk.counts()
    assert (counts["vote:strong:raised:useful"], counts["vote:strong:raised:useless"]) == (1, 1)
    assert (counts["vote-model:m-7:useful"], counts["vote-reason:trop_tard"]) == (1, 1)
    assert (counts["outcome:release:inadequat"], counts["outcome:withdraw:6"]) == (1, 1)
    desk.act("21", FIRM, Propose("ccsf"), MARTIN)
    desk.act("21", FIRM, Propose("ccsf", "relancé"), DURAND)
    for outcome in ("demande", "demande", "accorde"):
        desk.act("21", FIRM, Answer("ccsf", outcome), DURAND)
    desk.act("21", FIRM, Propose("ccsf"), MARTIN)
    counts = desk.counts()
    measured = {name: count for name, count in counts.items() if name.startswith("measure:")}
    assert measured == {"measure:ccsf:proposed": 2, "measure:ccsf:demande": 0, "measure:ccsf:accorde": 1}
    bench.metrics.desk_counts(counts)
    assert bench.value("vigie_measures", measure="ccsf", outcome="accorde") == 1
    assert bench.value("vigie_votes", tier="strong", kind="raised", vote="useless") == 1
    assert bench.value("vigie_model_votes", version="m-7", vote="useful") == 1
    assert bench.value("vigie_case_outcomes", action="withdraw", outcome="6") == 1


def test_pages_tell_how_many_there_are_and_where_the_next_begins(client: redis.Redis, bench: Bench) -> None:
    bench.publish(many(2100))
    desk = desk_of(client)
    page = desk.listed(Query(departments=("21",)), limit=500)
    assert (len(page.cases), page.total, page.next) == (500, 700, 500)
    rest = desk.listed(Query(departments=("21",)), limit=500, start=500)
    assert (len(rest.cases), rest.next) == (200, None)
    assert {case.siren for case in page.cases} | {case.siren for case in rest.cases} == {
        f"{n:09d}" for n in range(0, 2100, 3)
    }
    assert desk.count(Query()).total == 2100


def test_who_follows_sees_what_happens_and_can_go_on_later(client: redis.Redis, bench: Bench) -> None:
    desk = desk_of(client)
    put(client, bench.metrics, live())
    places = desk.ends(("21", "75"))
    put(client, bench.metrics, live(1, siren="2" * 9, department="75"))
    desk.act("21", FIRM, Take(), MARTIN)

    def seen(count: int) -> list[tuple[str, str]]:
        following = desk.follow(places, waits=lambda: itertools.repeat(0.02), sleep=time.sleep, block_ms=50)
        return [(entry.queue, entry.action) for entry in itertools.islice(following, count)]

    assert sorted(seen(2)) == [("21", "take"), ("75", "opened")]
    desk.act("21", FIRM, Release("erreur"), MARTIN)
    assert seen(1) == [("21", "release")]


def test_rights_are_by_department(client: redis.Redis, bench: Bench, redis_url: str) -> None:
    put(client, bench.metrics, live(), live(1, department="75"))
    rights = ["get", "mget", "set", "zrangebyscore", "zscore", "zadd", "xadd", "xlen", "hget", "hincrby", "hset"]
    rights += ["zrange", "zrem", "xrange", "evalsha", "script|load", "select"]
    admin: Any = client
    admin.execute_command(
        "ACL", "SETUSER", "codefi", "reset", "on", ">pw", *(f"~{p}" for p in patterns("21")), *(f"+{r}" for r in rights)
    )
    with connect(redis_url.replace("//", "//codefi:pw@"), 5) as own:
        desk = desk_of(own)
        assert desk.act("21", FIRM, Take(), MARTIN).case.state == "taken"
        assert len(desk.history("21", FIRM)) == 2
        assert desk.listed(Query(departments=("21",))).total == 1
        for ask in (lambda: desk.get("75", FIRM), lambda: desk.listed(Query()), lambda: desk.history("75", FIRM)):
            with pytest.raises(RedisRefused, match="rights"):
                ask()
    admin.execute_command("ACL", "DELUSER", "codefi")


def test_redis_away_or_damaged_is_told(client: redis.Redis, bench: Bench) -> None:
    put(client, bench.metrics, live())
    desk = desk_of(client)
    for key in (actions_key("21"), trail_key("21", FIRM), desk_key("21"), cases_key("21")):
        kept = client.dump(key)
        client.set(key, "mine")
        with pytest.raises(RedisRefused, match="another program"):
            desk.act("21", FIRM, Take(), MARTIN)
        client.delete(key)
        client.restore(key, 0, kept)  # type: ignore[arg-type] # a synchronous client
        assert desk.get("21", FIRM).state == "new", "nothing half written"
    with connect(f"redis://127.0.0.1:{free_port()}/0", 1) as nobody, pytest.raises(RedisUnavailable):
        desk_of(nobody).find(FIRM, QUEUES)
