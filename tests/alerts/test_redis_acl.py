"""The rights of each role on a real server, read in from an ACL file."""

import itertools
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.exceptions import NoPermissionError

from alerts import audit, redis_acl
from alerts.alert import encode
from alerts.api import tokens
from alerts.audit import Entry
from alerts.audit_check import check
from alerts.clearance import Clearance
from alerts.connect import connect
from alerts.console.glass import Glass
from alerts.erasure import erase
from alerts.errors import AlertNotFound, RedisRefused, RedisUnavailable
from alerts.groups import Member, acknowledge, join, resume, sweep
from alerts.groups import read as read_group
from alerts.inbox import Filters, list_alerts, show, watch
from alerts.notify.lease import Lease
from alerts.notify.ledger import Held, Ledger
from alerts.routing import (
    AUDIT_HEAD_KEY,
    AUDIT_KEY,
    GLASS_KEY,
    QUEUES,
    aside_key,
    case_patterns,
    patterns,
    seen_key,
    stream_key,
)
from tests.alerts.publishing import Bench
from tests.alerts.samples import an_alert
from tests.alerts.server import EXECUTABLE, Server, by_department
from tests.certificates import made_certificate
from tests.tls_front import tls_front

pytestmark = by_department

USERS = [
    Clearance("agent", ("agent",), ("21",), ()),
    Clearance("reader", ("reader",), ("21", "2A"), ()),
    Clearance("nation", ("reader",), QUEUES, ()),
    Clearance("dispatcher", ("dispatcher",), (), ()),
    Clearance("operator", ("operator",), (), ()),
    Clearance("auditor", ("auditor",), (), ()),
    Clearance("chief", ("supervisor",), ("21",), ()),
    Clearance("program", ("program",), ("21",), ()),
    Clearance("console", ("console",), (), ()),
    Clearance("masked", ("agent",), ("21",), (), frozenset({"score"})),
]
PASSWORDS = {clearance.user: f"secret of {clearance.user}" for clearance in USERS}
GONE = "222222222"
CASE = "vigie:case:{vigie:alerts:%s}:111111111"

COMMANDS = (["XRANGE", "-", "+"], ["XREVRANGE", "+", "-"], ["ZSCORE", "a"], ["GET"], ["HGETALL"], ["SET", "a"])

As = Callable[[str], Any]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("rights")
    lines = [*redis_acl.acl_file(USERS, PASSWORDS), "user root on >root ~* &* +@all"]
    (folder / "users.acl").write_text("\n".join(lines) + "\n")
    with Server(folder, EXECUTABLE, "--aclfile", str(folder / "users.acl")) as server:
        alerts = [an_alert(id="of-21"), an_alert(id="of-71", department="71"), an_alert(id="of-2A", department="2A")]
        bench = Bench(url(server, "dispatcher"))
        assert bench.publish([encode(alert) for alert in alerts])[0].published == 3
        yield server


def url(server: Server, user: str) -> str:
    password = PASSWORDS.get(user, user).replace(" ", "%20")
    return f"redis://{user}:{password}@127.0.0.1:{server.port}/0"


@pytest.fixture
def as_(server: Server) -> Iterator[As]:
    clients: list[redis.Redis] = []

    def client(user: str) -> redis.Redis:
        clients.append(connect(url(server, user), 5))
        return clients[-1]

    yield client
    for client_ in clients:
        client_.close()


def refused(client: Any, *command: Any) -> None:
    with pytest.raises(NoPermissionError):
        client.execute_command(*command)


def read(client: redis.Redis, *queues: str) -> list[str]:
    """The alerts that somebody sees, by all ways of reading, which an entry of the audit log goes with."""
    audit.record(client, Entry(actor="test", action="alert.list", object="all"), where="here")
    filters = Filters(queues=queues)
    listed = [item.alert.id for item in list_alerts(client, filters, 10, where="here")]
    watcher = watch(client, filters, where="here", earlier=None, waits=lambda: itertools.repeat(0.1), sleep=time.sleep)
    assert sorted(next(watcher).alert.id for _ in listed) == sorted(listed)
    assert [show(client, name, queues, where="here").alert.id for name in listed] == listed
    return sorted(listed)


def test_an_agent_of_21_reads_21_and_not_71(as_: As) -> None:
    agent = as_("agent")
    assert read(agent, "21") == ["of-21"]
    for ask in (
        lambda: list_alerts(agent, Filters(queues=("71",)), 10, where="here"),
        lambda: show(agent, "of-71", ("71",), where="here"),
        lambda: list_alerts(agent, Filters(), 10, where="here"),
    ):
        with pytest.raises(RedisRefused):
            ask()
    assert read(as_("reader"), "21", "2A") == ["of-21", "of-2A"]
    assert read(as_("chief"), "21") == ["of-21"]
    with pytest.raises(RedisRefused):
        read(as_("masked"), "21")
    assert read(as_("nation"), *QUEUES) == ["of-21", "of-2A", "of-71"]


def test_whoever_reads_changes_nothing_but_cases_of_its_own_department(as_: As) -> None:
    for user in ("agent", "reader", "nation"):
        client, stream = as_(user), stream_key("21")
        refused(client, "XADD", stream, "*", "alert", "forged")
        refused(client, "XDEL", stream, "0-1")
        refused(client, "XTRIM", stream, "MAXLEN", "0")
        refused(client, "DEL", stream)
        refused(client, "ZADD", seen_key("21"), "1", "forged")
        # With a mere right to read the stream, Redis itself would let this move a group's place.
        refused(client, "XREADGROUP", "GROUP", "g", "c", "STREAMS", stream, ">")
        refused(client, "XGROUP", "CREATE", stream, "g", "0")
        for dangerous in (["KEYS", "*"], ["SCAN", "0"], ["CONFIG", "GET", "*"], ["FLUSHALL"], ["ACL", "LIST"]):
            refused(client, *dangerous)
        refused(client, "SET", CASE % "71", "{}")
        refused(client, "EVAL", "return redis.call('DEL', 'vigie:alerts:21')", "0")
    for user in ("reader", "masked"):
        refused(as_(user), "SET", CASE % "21", "{}")
    as_("chief").set(CASE % "21", "{}")
    assert as_("agent").set(CASE % "21", "{}")
    assert as_("agent").get(CASE % "21") == b"{}"


def test_no_script_does_what_its_caller_may_not(as_: As) -> None:
    script = "return redis.call('XRANGE', 'vigie:alerts:71', '-', '+')"
    agent = as_("agent")
    digest = agent.script_load(script)
    with pytest.raises(redis.ResponseError, match=r"(?i)acl|permission|can't access"):
        agent.evalsha(digest, 0)


def test_nobody_but_an_auditor_reads_the_audit_log_and_nobody_changes_it(as_: As) -> None:
    for user in ("agent", "reader", "nation", "dispatcher", "operator"):
        refused(as_(user), "XRANGE", AUDIT_KEY, "-", "+")
    for user in PASSWORDS:
        client = as_(user)
        for command in (
            ["XDEL", AUDIT_KEY, "0-1"],
            ["DEL", AUDIT_KEY],
            ["SET", AUDIT_KEY, ""],
            ["DEL", AUDIT_HEAD_KEY],
        ):
            refused(client, *command)
        if user != "auditor":
            refused(client, "XTRIM", AUDIT_KEY, "MAXLEN", "0")
    with pytest.raises(RedisRefused):
        audit.record(as_("dispatcher"), Entry(actor="x", action="y", object="z"), where="here")
    auditor = as_("auditor")
    end = audit.head(auditor, where="here")
    assert check(audit.stored(auditor, where="here"), end, kept_days=365).findings == ()
    assert audit.purge(auditor, "auditor", 0, where="here") is not None
    end = audit.head(auditor, where="here")
    assert check(audit.stored(auditor, where="here"), end, kept_days=0).findings == ()
    refused(auditor, "XRANGE", stream_key("21"), "-", "+")


def test_the_programs_of_vigie_itself_do_their_work_and_administer_nothing(as_: As) -> None:
    for user in ("dispatcher", "operator"):
        client = as_(user)
        client.execute_command("XTRIM", stream_key("71"), "MAXLEN", "100")
        client.execute_command("INFO", "persistence")
        for dangerous in (["FLUSHALL"], ["CONFIG", "SET", "maxmemory", "1"], ["ACL", "SETUSER", "x"], ["SHUTDOWN"]):
            refused(client, *dangerous)
        refused(client, "GET", "another program's")
    refused(as_("dispatcher"), "DEL", stream_key("71"))


def test_tokens_are_given_by_operators_and_read_by_consoles(as_: As) -> None:
    now = datetime(2026, 3, 2, tzinfo=UTC)
    text, made = tokens.create(as_("operator"), "codefi", ("21",), ("act",), 9, now, where="here")
    assert tokens.found(as_("console"), text, now, where="here") == made
    for user in ("agent", "nation", "dispatcher", "auditor"):
        with pytest.raises(RedisRefused):
            tokens.found(as_(user), text, now, where="here")
    with pytest.raises(RedisRefused):
        tokens.listed(as_("console"), where="here")
    assert tokens.revoke(as_("operator"), made.id, where="here")
    assert tokens.found(as_("console"), text, now, where="here") is None


def test_a_dispatcher_keeps_the_place_of_notifications(as_: As) -> None:
    lease = Lease(as_("dispatcher"), "desk", lambda: 0.0, where="here")
    assert lease.take()
    lease.renew()
    ledger = Ledger(as_("dispatcher"), "desk", 20, lease, where="here")
    places = ledger.places(("21", "71"))
    assert len(ledger.read(dict.fromkeys(places, "0-0"), 1)) == 2
    held = Held("21", "1-0", "opened", "cap", 1.0)
    ledger.hold(held)
    ledger.pushed(held, 2.0)
    ledger.passed(places)
    assert (ledger.sent(), ledger.held_since()) == ([2.0], 1.0)
    assert ledger.digest(200) == ([held], 0)
    ledger.digested(1, 3.0)
    assert (ledger.sent(), ledger.held_since()) == ([3.0, 2.0], None)
    lease.release()
    refused(as_("agent"), "HGETALL", "vigie:notifier:desk")


def test_an_operator_erases_a_firm_and_tells_of_it(server: Server, as_: As) -> None:
    Bench(url(server, "dispatcher")).publish([encode(an_alert(id="gone", siren=GONE, department="974"))])
    # What a notifier of an older version has left: today's holds no firm's number.
    older, sirens = as_("dispatcher"), ("333333333", GONE)
    kept = [b'{"queue":"974","entry":"%d-0","siren":"%s"}' % (n, s.encode()) for n, s in enumerate(sirens)]
    older.rpush("vigie:notifier-held:erasing", *kept)
    glass = Glass(as_("console"), lambda: datetime(2026, 3, 2, tzinfo=UTC), where="here")
    for siren in sirens:
        glass.broken("a.martin", "974", siren, "a motive of some length")
    operator = as_("operator")
    audit.record(operator, Entry(actor="operator", action="firm.erase", object=f"firm:{GONE}"), where="here")
    # The alert, what its case tells of it, what is held of it, and who broke the glass.
    assert erase(operator, GONE, where="here").entries == 4
    assert older.lrange("vigie:notifier-held:erasing", 0, -1) == kept[:1]
    assert [glass.opened("a.martin", "974", siren) is None for siren in sirens] == [False, True]
    assert GONE not in repr(as_("console").xrange(GLASS_KEY))
    with pytest.raises(AlertNotFound):
        show(as_("nation"), "gone", ("974",), where="here")


def test_every_queue_that_is_not_an_agent_s_is_closed_to_it(as_: As) -> None:
    """Asked of the server itself, for every queue and every kind of key, of now and of later."""
    root: Any = as_("root").pipeline(transaction=False)
    asked = []
    for queue in QUEUES:
        names = [p.replace("*", "x") for p in (*patterns(queue), *case_patterns(queue))]
        for command in (
            ["XRANGE", "-", "+"],
            ["XREVRANGE", "+", "-"],
            ["ZSCORE", "a"],
            ["GET"],
            ["HGETALL"],
            ["SET", "a"],
        ):
            for name in names:
                for user in ("agent", "reader", "program"):
                    root.execute_command("ACL", "DRYRUN", user, command[0], name, *command[1:])
                    asked.append((user, queue, command[0]))
    answers = root.execute()
    allowed = {asked for asked, answer in zip(asked, answers, strict=True) if answer == b"OK"}
    reading = {"XRANGE", "XREVRANGE", "ZSCORE", "GET", "HGETALL"}
    assert allowed == {
        *(("agent", "21", command) for command in reading | {"SET"}),
        *(("reader", queue, command) for queue in ("21", "2A") for command in reading),
        ("program", "21", "XRANGE"),
    }


def test_a_program_takes_its_department_s_alerts_by_its_group_and_does_nothing_else(as_: As) -> None:
    program = as_("program")
    member = Member(program, "21", "urssaf", "office-1", "here")
    assert join(program, "21", "urssaf", where="here")
    (item,) = read_group(member)
    assert item.alert.id == "of-21"
    assert [it.alert.id for it in resume(member).claimed] == ["of-21"]
    again = sweep(member, stuck_seconds=0, most_deliveries=1)
    assert (again.claimed, again.set_aside) == ([], 1)
    assert as_("root").xlen(aside_key("21")) == 1
    assert acknowledge(member, [item.entry]) == 0  # setting it aside did
    stream = stream_key("21")
    for command in (
        ["XADD", stream, "*", "alert", "forged"],
        ["XDEL", stream, item.entry],
        ["XTRIM", stream, "MAXLEN", "0"],
        ["XGROUP", "DESTROY", stream, "urssaf"],
        ["XGROUP", "SETID", stream, "urssaf", "$"],
        ["XRANGE", aside_key("21"), "-", "+"],
        ["ZADD", seen_key("21"), "1", "forged"],
        ["GET", CASE % "21"],
        ["XREADGROUP", "GROUP", "urssaf", "office-1", "STREAMS", stream_key("71"), ">"],
        ["XGROUP", "CREATE", stream_key("71"), "urssaf", "0"],
        ["XADD", AUDIT_KEY, "*", "a", "b"],
        ["KEYS", "*"],
    ):
        refused(program, *command)
    forge = program.script_load("return redis.call('XADD', KEYS[1], '*', 'alert', 'forged')")
    with pytest.raises(redis.ResponseError, match=r"(?i)acl|permission|can't access"):
        program.evalsha(forge, 2, stream, aside_key("21"))
    assert as_("root").xgroup_destroy(stream, "urssaf")


def test_without_a_password_nobody_gets_in(server: Server) -> None:
    with connect(server.url, 5) as client, pytest.raises(redis.AuthenticationError):
        client.ping()
    wrong = url(server, "agent").replace("secret", "guess")
    with connect(wrong, 5) as client, pytest.raises(RedisRefused, match="WRONGPASS") as caught:
        list_alerts(client, Filters(queues=("21",)), 1, where="here")
    assert "guess" not in str(caught.value)


def test_tls_with_an_authority_of_one_s_own(server: Server, tmp_path: Path) -> None:
    certificate = made_certificate(tmp_path)
    with tls_front(server.port, certificate.served) as port:
        secured = url(server, "agent").replace("redis://", "rediss://").replace(str(server.port), str(port))
        with connect(f"{secured}?ssl_ca_certs={certificate.authority}", 5) as client:
            assert read(client, "21") == ["of-21"]
        with connect(secured, 5) as stranger, pytest.raises(RedisUnavailable, match=r"(?i)certificate"):
            list_alerts(stranger, Filters(queues=("21",)), 1, where="here")
